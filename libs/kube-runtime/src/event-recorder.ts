import { createHash } from 'node:crypto';
import { formatMicroTime, shortenText, type KubeEvent, type ObjectReference } from '@brupop/kube-objects';
import { BrupopError, type Clock, type Logger } from '@brupop/ports';
import type { KubeClient } from './client.ts';
import { isKubeStatus } from './kube-error.ts';
import { paths } from './paths.ts';

/** The object that an event is about. */
export type Regarding = ObjectReference & Required<Pick<ObjectReference, 'apiVersion' | 'kind' | 'name' | 'uid'>>;

/** An event to record. */
export interface EventInput {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase word. */
  readonly reason: string;
  /** For people; the middle is left out of what is longer than 1,024 bytes. */
  readonly message: string;
  /** What was being done, as a CamelCase word; the reason by default. */
  readonly action?: string;
  /** Whether it describes a state and not an occurrence: then all processes together record one Event. */
  readonly standing?: boolean;
}

/** What an {@link EventRecorder} needs. */
export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Such as `brupop-controller`. */
  readonly component: string;
  /** Such as the pod's name. */
  readonly instance: string;
  /** Events not yet sent; beyond it the newest are dropped. 500 by default. */
  readonly capacity?: number;
}

/** Sends Events in the background. */
export interface EventRecorder {
  /** Returns at once; never throws. The same event again becomes a series of one object. */
  record(event: EventInput): void;
  /** Sends pending events; resolves when that is done or 5 s have passed. Never rejects. */
  flush(): Promise<void>;
}

interface Series {
  readonly event: EventInput;
  /** Absent until the API server has stored it. */
  name?: string;
  count: number;
  sentCount: number;
  firstMs: number;
  lastMs: number;
  sentMs: number;
  attempts: number;
}

// As client-go's recorder: after this pause the same event starts a new series.
const SERIES_ENDS_AFTER_MS = 6 * 60_000;
// A series is written again at most so often.
const SERIES_INTERVAL_MS = 60_000;
const MAX_ATTEMPTS = 3;
const FLUSH_MS = 5_000;
const LOST_INTERVAL_MS = 60_000;
const MAX_NOTE_BYTES = 1_024;

/** Records Events of `events.k8s.io/v1`. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, log, component, instance, capacity = 500 } = options;
  const series = new Map<string, Series>();
  let stop = new AbortController();
  let dropped = 0;
  let lost = 0;
  let lostLoggedMs = -Infinity;
  let nameCount = 0;
  let working: Promise<void> | undefined;
  let cancelTimer: () => void = () => undefined;

  const dueMs = (one: Series): number => {
    if (one.count === one.sentCount) return Infinity;
    if (one.attempts > 0) return one.sentMs + 1_000 * 2 ** one.attempts;
    // The second occurrence is sent at once: it turns one event into a series.
    return one.sentCount <= 1 ? 0 : one.sentMs + SERIES_INTERVAL_MS;
  };

  const forgetEnded = (): void => {
    const nowMs = clock.monotonic();
    for (const [key, one] of series) {
      if (one.count === one.sentCount && nowMs - one.lastMs > SERIES_ENDS_AFTER_MS) series.delete(key);
    }
  };

  const create = async (one: Series): Promise<void> => {
    const { regarding, type, reason, message, action } = one.event;
    // Events about objects without a namespace live in this one; the API server insists.
    const namespace = regarding.namespace ?? 'default';
    const name = nameOf(one.event, () => `${clock.now().toString(16)}${(nameCount++ % 0x1000).toString(16).padStart(3, '0')}`);
    const body: KubeEvent = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: formatMicroTime(clock.now()),
      reportingController: component,
      reportingInstance: instance.slice(0, 128),
      action: action ?? reason,
      reason,
      regarding,
      note: message,
      type,
      ...(one.count > 1 ? { series: { count: one.count, lastObservedTime: formatMicroTime(clock.now()) } } : {}),
    };
    try {
      await client.request('POST', paths.events(namespace), { body, signal: stop.signal });
    } catch (error) {
      // Another process has recorded it.
      if (one.event.standing !== true || !isKubeStatus(error, 409)) throw error;
    }
    one.name = name;
  };

  const update = async (one: Series, name: string): Promise<void> => {
    const path = paths.event(one.event.regarding.namespace ?? 'default', name);
    const body = { series: { count: one.count, lastObservedTime: formatMicroTime(clock.now()) } };
    try {
      await client.request('PATCH', path, { body, signal: stop.signal });
    } catch (error) {
      // Events live for an hour.
      if (!isKubeStatus(error, 404)) throw error;
      await create(one);
    }
  };

  /** Drops an event and logs the error, at most once a minute: usually all events fail for the same reason. */
  const lose = (key: string, { event: { reason } }: Series, error: unknown): void => {
    series.delete(key);
    lost++;
    const nowMs = clock.monotonic();
    if (nowMs - lostLoggedMs < LOST_INTERVAL_MS) return;
    log.warn('Events could not be written', { events: lost, reason, error });
    lostLoggedMs = nowMs;
    lost = 0;
  };

  const send = async (key: string, one: Series): Promise<void> => {
    const count = one.count;
    try {
      await (one.name === undefined ? create(one) : update(one, one.name));
      one.sentCount = count;
      one.attempts = 0;
    } catch (error) {
      one.attempts++;
      const again = one.attempts < MAX_ATTEMPTS && (!(error instanceof BrupopError) || error.retry === 'transient');
      log.debug('Sending an event failed', { reason: one.event.reason, error, again });
      if (!again) lose(key, one, error);
    }
    one.sentMs = clock.monotonic();
  };

  const work = async (all: boolean): Promise<void> => {
    for (;;) {
      const nowMs = clock.monotonic();
      const next = [...series].find(([, one]) => (all ? one.count !== one.sentCount && one.attempts === 0 : dueMs(one) <= nowMs));
      if (next === undefined) return;
      await send(...next);
    }
  };

  const pump = (): void => {
    cancelTimer();
    working ??= work(false).finally(() => {
      working = undefined;
      forgetEnded();
      const nextMs = Math.min(Infinity, ...[...series.values()].map(dueMs));
      if (nextMs !== Infinity) cancelTimer = clock.setTimer(nextMs - clock.monotonic(), pump);
      if (dropped > 0) log.warn('Dropped events', { dropped, reason: 'too many are pending' });
      dropped = 0;
    });
  };

  const note = (event: EventInput): void => {
    const key = keyOf(event);
    const nowMs = clock.monotonic();
    const known = series.get(key);
    if (known !== undefined && nowMs - known.lastMs <= SERIES_ENDS_AFTER_MS) {
      known.count++;
      known.lastMs = nowMs;
    } else if (series.size >= capacity && !makeRoom(series)) {
      dropped++;
    } else {
      series.set(key, { event, count: 1, sentCount: 0, firstMs: nowMs, lastMs: nowMs, sentMs: 0, attempts: 0 });
    }
    pump();
  };

  return {
    record(event) {
      try {
        note({ ...event, message: shortenNote(event.message) });
      } catch (error) {
        log.warn('Recording an event failed', { error });
      }
    },
    async flush() {
      cancelTimer();
      const cancel = clock.setTimer(FLUSH_MS, () => {
        stop.abort(new Error('Sending the remaining events timed out'));
        stop = new AbortController();
      });
      await working;
      await work(true);
      cancel();
    },
  };
}

/** The API server limits the note in bytes, and rejects an Event with a longer one. */
function shortenNote(message: string): string {
  let note = shortenText(message, MAX_NOTE_BYTES);
  for (let bytes = Buffer.byteLength(note); bytes > MAX_NOTE_BYTES; bytes = Buffer.byteLength(note))
    note = shortenText(message, Math.floor((note.length * MAX_NOTE_BYTES) / bytes));
  return note;
}

/** Two events with this key are the same. */
function keyOf({ regarding, type, reason, message, action }: EventInput): string {
  return JSON.stringify([regarding.uid, regarding.kind, type, reason, message, action]);
}

/** @param unique returns a new suffix each time */
function nameOf(event: EventInput, unique: () => string): string {
  // A part of a name may not end with a dot or hyphen, wherever it was cut.
  const about = event.regarding.name.slice(0, 200).replace(/[^a-z0-9]+$/, '');
  return `${about}.${event.standing === true ? createHash('sha256').update(keyOf(event)).digest('hex').slice(0, 16) : unique()}`;
}

/** Forgets the oldest series that has nothing to send. */
function makeRoom(series: Map<string, Series>): boolean {
  for (const [key, one] of series) if (one.count === one.sentCount) return series.delete(key);
  return false;
}
