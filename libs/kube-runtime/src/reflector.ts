import type { ObjectMeta } from '@brupop/kube-objects';
import { sleep, type Clock, type Logger, type Random } from '@brupop/ports';
import type { KubeClient, Query } from './client.ts';
import { isKubeStatus } from './kube-error.ts';
import { isAborted } from './is-aborted.ts';
import { listAll } from './list.ts';
import { objectKey, type Store } from './objects.ts';
import { nextStep, type ReflectorOutcome, type ReflectorState } from './reflector-state.ts';
import { watchCollection, type WatchEvent } from './watch.ts';

/** What a reflector needs of an object, after the transform. */
export interface Reflected {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'resourceVersion'>;
}

/** A change of the store, after it was made. */
export type ReflectorEvent<T> =
  | { readonly type: 'added' | 'deleted'; readonly object: T }
  | { readonly type: 'modified'; readonly object: T; readonly before: T }
  /** A list has replaced the store. */
  | { readonly type: 'synced'; readonly object?: undefined };

/** What a {@link Reflector} needs. */
export interface ReflectorOptions<T extends Reflected> {
  readonly client: KubeClient;
  /** Of the collection; see `paths`. */
  readonly path: string;
  /** Such as `labelSelector`. */
  readonly query?: Query;
  /** Makes of each object, as it arrives, what is kept of it. An object of which it throws is skipped, or stays as it was before. */
  readonly transform: (object: never) => T;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onEvent?: (event: ReflectorEvent<T>) => void;
  /** One sentence for the log where the API server does not serve the path at all: what is missing, and what to do. */
  readonly ifNotServed?: string;
  /** Called when a watch is over and another begins; for metrics. */
  readonly onRestart?: (why: WatchEnd) => void;
  /** Longest time until the head of an answer and between two pieces of a list; 30 s by default. */
  readonly responseMs?: number;
  /** A watch that is silent for this long has failed: bookmarks come about every minute. 150 s by default. */
  readonly silenceMs?: number;
  /** Items in a page of a list; 500 by default. */
  readonly pageSize?: number;
}

/** How a watch came to its end: as the server does after some minutes; because its place in history is gone; or by a fault. */
export const WATCH_ENDS = ['ended', 'expired', 'failed'] as const;
/** One of {@link WATCH_ENDS}. */
export type WatchEnd = (typeof WATCH_ENDS)[number];

/** A collection's mirror in memory. */
export interface Reflector<T> {
  readonly store: Store<T>;
  /** Whether a list has replaced the store since the start, or since the last `relist`. */
  hasSynced(): boolean;
  /** Milliseconds since the last list, event or bookmark; undefined before the first list. Bookmarks come about every minute. */
  silenceMs(): number | undefined;
  /** Keeps the store up to date until `signal` aborts; then resolves. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** @throws the reason of the signal */
  waitForSync(signal: AbortSignal): Promise<void>;
  /** Lists again at once; the store keeps its objects until the list is complete. */
  relist(): void;
}

// One illegal object may change many times a second.
const LOG_UNREADABLE_EVERY_MS = 60_000;

const RELIST = new Error('listing again');
// The server ends each watch after this time (plus up to as much again, at random), as with client-go.
const WATCH_SECONDS = 300;
// A watch that ends sooner, without an event, indicates a problem.
const HEALTHY_AFTER_MS = 5_000;

/** Mirrors one collection of the API server in memory. */
export function createReflector<T extends Reflected>(options: ReflectorOptions<T>): Reflector<T> {
  const { client, path, query = {}, clock, random, responseMs = 30_000, silenceMs = 150_000 } = options;
  const log = options.log.child({ path });
  const transform = options.transform as (object: unknown) => T;
  let objects = new Map<string, T>();
  let synced = false;
  let waiters: (() => void)[] = [];
  let current = new AbortController();
  let heardMs: number | undefined;

  let unreadable = 0;
  let loggedUnreadableMs = -Infinity;

  /** One object that cannot be read must stop neither the list nor the watch. @returns undefined for such an object */
  const read = (raw: unknown): T | undefined => {
    try {
      return transform(raw);
    } catch (error) {
      unreadable++;
      if (clock.monotonic() - loggedUnreadableMs >= LOG_UNREADABLE_EVERY_MS) {
        loggedUnreadableMs = clock.monotonic();
        log.error('Skipped an object that cannot be read', { object: keyOf(raw), skipped: unreadable, error });
      }
      return undefined;
    }
  };

  const emit = (event: ReflectorEvent<T>): void => {
    try {
      options.onEvent?.(event);
    } catch (error) {
      log.error('Handling an event failed', { type: event.type, error });
    }
  };

  const replaceStore = (listed: Map<string, T>): void => {
    const former = objects;
    objects = listed;
    for (const [key, object] of listed) {
      const known = former.get(key);
      if (known === undefined) emit({ type: 'added', object });
      else if (!sameVersion(known, object)) emit({ type: 'modified', object, before: known });
    }
    for (const [key, object] of former) if (!listed.has(key)) emit({ type: 'deleted', object });
    synced = true;
    heardMs = clock.monotonic();
    emit({ type: 'synced' });
    const released = waiters;
    waiters = [];
    for (const release of released) release();
  };

  const list = async (signal: AbortSignal): Promise<ReflectorOutcome> => {
    let listed = new Map<string, T>();
    const resourceVersion = await listAll({
      client,
      clock,
      path,
      query,
      signal,
      silenceMs: responseMs,
      ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
      onItem: (item) => {
        const object = read(item);
        const key = object === undefined ? keyOf(item) : objectKey(object.metadata);
        if (key === undefined) return;
        const known = objects.get(key);
        // An object that has not changed is not kept twice.
        const kept = known !== undefined && (object === undefined || sameVersion(known, object)) ? known : object;
        if (kept !== undefined) listed.set(key, kept);
      },
      onRestart: () => {
        listed = new Map();
      },
    });
    replaceStore(listed);
    log.debug('Listed', { objects: listed.size, resourceVersion });
    return { kind: 'listed', resourceVersion };
  };

  const watch = async (from: string, signal: AbortSignal): Promise<ReflectorOutcome> => {
    let resourceVersion = from;
    let hadEvent = false;
    const startedMs = clock.monotonic();
    const healthy = (): boolean => hadEvent || clock.monotonic() - startedMs >= HEALTHY_AFTER_MS;
    const timeoutSeconds = Math.ceil(WATCH_SECONDS * (1 + random()));
    const watched = { client, clock, path, query, resourceVersion: from, timeoutSeconds, responseMs, silenceMs, signal };
    try {
      for await (const event of watchCollection(watched)) {
        hadEvent = true;
        heardMs = clock.monotonic();
        resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
        if (event.type !== 'BOOKMARK') apply(event);
      }
      return { kind: 'ended', resourceVersion, healthy: healthy() };
    } catch (error) {
      if (isKubeStatus(error, 410)) return { kind: 'expired', healthy: healthy() };
      return { kind: 'failed', error, resourceVersion, healthy: healthy() };
    }
  };

  const apply = (event: WatchEvent): void => {
    const object = read(event.object);
    const key = object === undefined ? keyOf(event.object) : objectKey(object.metadata);
    if (key === undefined) return;
    const known = objects.get(key);
    if (event.type === 'DELETED') {
      objects.delete(key);
      if (known !== undefined) emit({ type: 'deleted', object: object ?? known });
      return;
    }
    if (object === undefined) return;
    // A resumed watch may repeat events.
    if (known !== undefined && sameVersion(known, object)) return;
    objects.set(key, object);
    emit(known === undefined ? { type: 'added', object } : { type: 'modified', object, before: known });
  };

  const perform = async (state: ReflectorState, signal: AbortSignal): Promise<ReflectorOutcome> => {
    try {
      return state.kind === 'listing' ? await list(signal) : await watch(state.resourceVersion, signal);
    } catch (error) {
      return { kind: 'failed', error, healthy: false };
    }
  };

  const report = (outcome: ReflectorOutcome, state: ReflectorState, delayMs: number): void => {
    if (outcome.kind === 'failed' || outcome.kind === 'ended' || outcome.kind === 'expired') options.onRestart?.(outcome.kind);
    const about = { next: state.kind, delayMs: Math.round(delayMs) };
    // A collection that is served and empty answers 200, even in a namespace that there is not.
    if (outcome.kind === 'failed' && options.ifNotServed !== undefined && isKubeStatus(outcome.error, 404)) {
      log.error(options.ifNotServed, about);
    } else if (outcome.kind === 'failed') log.warn('Observing failed', { error: outcome.error, ...about });
    else if (outcome.kind !== 'listed') log.debug('Watch ended', { outcome: outcome.kind, next: state.kind });
  };

  return {
    store: {
      get: (key) => objects.get(key),
      list: () => [...objects.values()],
      get size() {
        return objects.size;
      },
    },
    hasSynced: () => synced,
    silenceMs: () => (heardMs === undefined ? undefined : clock.monotonic() - heardMs),
    relist() {
      synced = false;
      current.abort(RELIST);
    },
    waitForSync(signal) {
      return new Promise((resolve, reject) => {
        if (synced) {
          resolve();
          return;
        }
        const onAbort = (): void => {
          waiters = waiters.filter((waiter) => waiter !== release);
          reject(signal.reason as Error);
        };
        const release = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        if (signal.aborted) {
          onAbort();
          return;
        }
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.push(release);
      });
    },
    async run(signal) {
      let state: ReflectorState = { kind: 'listing' };
      let failures = 0;
      const stop = (): void => {
        current.abort(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      while (!signal.aborted) {
        current = new AbortController();
        const step = current.signal;
        const outcome = await perform(state, step);
        if (isAborted(signal)) break;
        const next = nextStep(step.aborted ? { kind: 'relist' } : outcome, failures, random);
        ({ state, failures } = next);
        if (step.aborted) continue;
        report(outcome, next.state, next.delayMs);
        if (next.delayMs > 0) {
          await sleep(clock, next.delayMs, step).catch(() => {
            state = { kind: 'listing' };
            failures = 0;
          });
        }
      }
      signal.removeEventListener('abort', stop);
    },
  };
}

/** The key of an object of any shape; undefined if it has no name. */
function keyOf(raw: unknown): string | undefined {
  const { name, namespace } = (raw as { readonly metadata?: Readonly<Record<string, unknown>> | null } | null)?.metadata ?? {};
  if (typeof name !== 'string') return undefined;
  return objectKey(typeof namespace === 'string' ? { name, namespace } : { name });
}

function sameVersion(a: Reflected, b: Reflected): boolean {
  return a.metadata.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
