import { BrupopError, withDeadline, type Clock } from '@brupop/ports';
import type { KubeClient, Query } from './client.ts';
import { errorFromStatus, kubeTimeout } from './kube-error.ts';
import { linesOf } from './lines.ts';

/** One line of a watch. A `BOOKMARK` only has the resourceVersion that the watch has reached. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: { readonly metadata?: { readonly resourceVersion?: string } };
}

/** What {@link watchCollection} needs. */
export interface WatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Of the collection; see `paths`. */
  readonly path: string;
  /** Such as `labelSelector`. */
  readonly query?: Query;
  /** The watch starts after it; with that of a list, no change is missed. */
  readonly resourceVersion: string;
  /** When the server ends the watch by itself. */
  readonly timeoutSeconds: number;
  /** Longest time until the head of the answer; 30 s by default. */
  readonly responseMs?: number;
  /** A watch that is silent for this long has failed: bookmarks come about every minute. 150 s by default. */
  readonly silenceMs?: number;
  readonly signal: AbortSignal;
}

/**
 * One watch, from its opening until the server ends it.
 * @throws `KubeApiError`, 410 when the place in history is gone; `KUBE_TIMEOUT`, `KUBE_BODY`, what the transport throws, or the signal's
 * reason
 */
export async function* watchCollection(options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { client, clock, path, query = {}, resourceVersion, timeoutSeconds, responseMs = 30_000, silenceMs = 150_000, signal } = options;
  const deadline = withDeadline(clock, signal, responseMs, kubeTimeout(`Opening the watch of ${path}`));
  const silence = kubeTimeout(`Silence in the watch of ${path}`);
  try {
    const response = await client.stream(
      path,
      { ...query, watch: 'true', allowWatchBookmarks: 'true', resourceVersion, timeoutSeconds: String(timeoutSeconds) },
      deadline.signal,
    );
    deadline.extend(silenceMs, silence);
    for await (const line of linesOf(response.chunks)) {
      deadline.extend(silenceMs, silence);
      yield parseEvent(line);
    }
  } finally {
    deadline.dispose();
  }
}

function parseEvent(line: string): WatchEvent {
  const event = parseJson(line) as WatchEvent | { readonly type: 'ERROR'; readonly object: unknown };
  if (event.type === 'ERROR') throw errorFromStatus(statusCode(event.object), event.object);
  return event;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BrupopError('KUBE_BODY', 'A line of a watch is not JSON', { retry: 'transient', cause });
  }
}

function statusCode(status: unknown): number {
  const code: unknown = typeof status === 'object' && status !== null && 'code' in status ? status.code : undefined;
  return typeof code === 'number' ? code : 500;
}
