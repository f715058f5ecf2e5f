import type { Clock, HttpResponse } from '@brupop/ports';
import { streamResponse } from '@brupop/ports';
import type { Context } from './http-io.ts';
import { apiVersionOf } from '../storage/resources.ts';
import type { ResourceType } from '../storage/resources.ts';
import { parseRevision, requestMatcher } from './read-handlers.ts';
import { badRequest, expired, statusOf } from './status.ts';
import type { Status, StatusError } from './status.ts';
import { tableOf, wantsTable } from '../kubectl/table.ts';
import type { Identity, Json, KubeObject } from '../types.ts';
import type { Change } from '../storage/watch-history.ts';

/** Ways to end all watches at once. */
export type WatchCut = 'end' | 'reset' | 'expire';

/** A client that watches over HTTP. */
export interface OpenWatches {
  readonly cuts: Map<(how: WatchCut) => void, { readonly user: string }>;
  /** How a watch from a forgotten revision is answered: by an ERROR event, which is the default, or by HTTP status 410. */
  expiredAs: 'event' | 'status';
  /** Delay, in milliseconds, until a change reaches a watcher: watch caches and clients lag, each on its own. The initial list does not. */
  delayMs?: ((identity: Identity, type: ResourceType) => number) | undefined;
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject | Json | Status;
}

/** Ends a response in the middle, like a broken connection. */
export class ConnectionReset extends Error {
  constructor() {
    super('connection reset by peer');
    this.name = 'ConnectionReset';
  }
}

const BOOKMARK_EVERY_MS = 60_000;
const BOOKMARK_BEFORE_END_MS = 2_000;
const SHORTEST_DEFAULT_MS = 1_800_000;

const tooOld = (revision: number, floor: number): StatusError =>
  expired(`too old resource version: ${String(revision)} (${String(floor)})`);

/** The event that a watcher with this selection gets for a change, if any. */
function seen(change: Change, matches: (object: KubeObject) => boolean): Event | undefined {
  const before = change.previous !== undefined && matches(change.previous);
  const after = change.type !== 'DELETED' && matches(change.object);
  if (!before && !after) return undefined;
  return { type: before && after ? 'MODIFIED' : after ? 'ADDED' : 'DELETED', object: change.object };
}

/** A queue between the store, which notifies synchronously, and a connection, which may be slow. */
class EventQueue {
  readonly #events: Event[] = [];
  #wake: (() => void) | undefined;
  #closed: 'open' | 'ended' | 'reset' = 'open';

  push(event: Event): void {
    this.#events.push(event);
    this.#wake?.();
  }

  close(how: 'ended' | 'reset'): void {
    if (this.#closed === 'open') this.#closed = how;
    this.#wake?.();
  }

  /** @throws if the connection is to be broken */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    for (;;) {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) yield event;
      if (this.#closed === 'ended') return;
      if (this.#closed === 'reset') throw new ConnectionReset();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Events on their way to a queue: delayed, but in order. */
class DelayedEvents {
  readonly #clock: Clock;
  readonly #queue: EventQueue;
  readonly #timers = new Set<() => void>();
  #lastMs = -Infinity;

  constructor(clock: Clock, queue: EventQueue) {
    this.#clock = clock;
    this.#queue = queue;
  }

  push(event: Event, delayMs: number): void {
    const now = this.#clock.monotonic();
    const atMs = Math.max(now + delayMs, this.#lastMs);
    this.#lastMs = atMs;
    if (atMs <= now && this.#timers.size === 0) {
      this.#queue.push(event);
      return;
    }
    const cancel = this.#clock.setTimer(Math.max(0, atMs - now), () => {
      this.#timers.delete(cancel);
      this.#queue.push(event);
    });
    this.#timers.add(cancel);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}

function initialEvents(context: Context, from: number | undefined, matches: (object: KubeObject) => boolean): Event[] | StatusError {
  const { core, type, query } = context;
  const { store } = core;
  const all = (): Event[] =>
    store
      .list(type.storage)
      .filter(matches)
      .map((object) => ({ type: 'ADDED', object }));
  if (query.get('sendInitialEvents') === 'true') {
    if (query.get('resourceVersionMatch') !== 'NotOlderThan')
      throw badRequest('resourceVersionMatch must be NotOlderThan for sendInitialEvents');
    const end = bookmark(context, { 'k8s.io/initial-events-end': 'true' });
    return query.get('allowWatchBookmarks') === 'true' ? [...all(), end] : all();
  }
  if (from === undefined || from === 0) return all();
  const missed = store.history.since(type.storage, from);
  if (missed === undefined) return tooOld(from, store.history.floor(type.storage));
  return missed.map((change) => seen(change, matches)).filter((event) => event !== undefined);
}

const bookmark = ({ core, type }: Context, annotations?: Record<string, string>): Event => ({
  type: 'BOOKMARK',
  object: {
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata: { resourceVersion: String(core.store.revision), creationTimestamp: null, ...(annotations && { annotations }) },
  },
});

/** GET with `watch`: one JSON object per line for each change, until `timeoutSeconds` have passed. */
export function handleWatch(context: Context, open: OpenWatches): HttpResponse {
  const { core, type, query, identity, signal } = context;
  const matches = requestMatcher(context);
  const start = initialEvents(context, parseRevision(query.get('resourceVersion')), matches);
  if (!Array.isArray(start)) {
    if (open.expiredAs === 'status') throw start;
    const only = new EventQueue();
    only.push({ type: 'ERROR', object: start.body });
    only.close('ended');
    return streamResponse(
      200,
      lines(context, only, () => undefined),
      { 'content-type': 'application/json' },
    );
  }
  const queue = new EventQueue();
  const delayed = new DelayedEvents(core.clock, queue);
  for (const event of start) queue.push(event);
  const stops: (() => void)[] = [];
  const endMs = watchTimeMs(context);
  const stop = (how: 'ended' | 'reset'): void => {
    for (const each of stops.splice(0)) each();
    queue.close(how);
  };
  const cut = (how: WatchCut): void => {
    if (how === 'expire') queue.push({ type: 'ERROR', object: tooOld(0, core.store.revision).body });
    stop(how === 'reset' ? 'reset' : 'ended');
  };
  const onAbort = (): void => {
    stop('ended');
  };
  open.cuts.set(cut, { user: identity.username });
  signal.addEventListener('abort', onAbort, { once: true });
  stops.push(
    () => open.cuts.delete(cut),
    () => {
      signal.removeEventListener('abort', onAbort);
    },
    core.store.history.subscribe(type.storage, (change) => {
      const event = seen(change, matches);
      if (event !== undefined) delayed.push(event, open.delayMs?.(identity, type) ?? 0);
    }),
    () => {
      delayed.stop();
    },
    core.clock.setTimer(endMs, () => {
      stop('ended');
    }),
  );
  if (query.get('allowWatchBookmarks') === 'true') startBookmarks(context, endMs, delayed, stops);
  if (signal.aborted) stop('ended');
  return streamResponse(200, lines(context, queue, stop), { 'content-type': 'application/json' });
}

function watchTimeMs({ core, query }: Context): number {
  const asked = Number(query.get('timeoutSeconds') ?? '0');
  // By default the server spreads the ends of watches over half an hour to an hour.
  return asked > 0 ? asked * 1000 : SHORTEST_DEFAULT_MS * (1 + core.random());
}

/** Sends a bookmark now and then, and one shortly before the end, so that a client that resumes misses as little as possible. */
function startBookmarks(context: Context, endMs: number, events: DelayedEvents, stops: (() => void)[]): void {
  const { clock } = context.core;
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = clock.setTimer(BOOKMARK_EVERY_MS, () => {
      events.push(bookmark(context), 0);
      arm();
    });
  };
  arm();
  const cancelLast = clock.setTimer(Math.max(0, endMs - BOOKMARK_BEFORE_END_MS), () => {
    events.push(bookmark(context), 0);
  });
  stops.push(() => {
    cancel();
    cancelLast();
  });
}

async function* lines(context: Context, queue: EventQueue, stop: (how: 'ended') => void): AsyncGenerator<string> {
  const table = wantsTable(context.request);
  try {
    for await (const event of queue) yield `${JSON.stringify(await shown(context, event, table))}\n`;
  } catch (error) {
    if (error instanceof ConnectionReset) throw error;
    yield `${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`;
  } finally {
    stop('ended');
  }
}

async function shown(context: Context, event: Event, table: boolean): Promise<Event> {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK') return event;
  const object = event.object as KubeObject;
  const converted = await context.conversions.toOne(context.type, object);
  return {
    type: event.type,
    object: table ? tableOf(context, [converted], { resourceVersion: object.metadata.resourceVersion }) : converted,
  };
}
