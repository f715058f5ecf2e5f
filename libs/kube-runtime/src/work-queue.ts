import { systemRandom, type Clock, type Logger, type Random } from '@brupop/ports';
import { backoffMs } from './backoff.ts';

/** What a successful reconcile asks for. */
export interface ReconcileResult {
  /** Absent: not until the next event. */
  readonly requeueAfterMs?: number;
}

/** What a {@link WorkQueue} needs. */
export interface WorkQueueOptions<K> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly reconcile: (key: K, signal: AbortSignal) => Promise<ReconcileResult>;
  readonly random?: Random;
  /** Keys reconciled at the same time; 1 by default. */
  readonly concurrency?: number;
  /**
   * Cooldown of a key after a reconcile, in milliseconds; 0 by default. Requests during the cooldown become one; without one, a request is
   * served immediately.
   */
  readonly coalesceMs?: number;
  /** Pause after a failure, doubling; 1 s to 60 s by default. */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  /** Called after each reconcile; for metrics. */
  readonly onReconcile?: (reconciled: Reconciled<K>) => void;
}

/** A reconcile that has ended. */
export interface Reconciled<K> {
  readonly key: K;
  /** From when it was due to its start, in milliseconds. */
  readonly waitedMs: number;
  readonly tookMs: number;
  readonly ok: boolean;
}

/** Keys waiting to be reconciled; each by one at a time. */
export interface WorkQueue<K> {
  /**
   * Asks for a reconcile of `key`. Any number of calls before it begins make one, at the earliest time that was asked for; a call while it
   * runs makes one more afterwards.
   * @param inMs how long it may wait; 0 by default
   */
  add(key: K, inMs?: number): void;
  /** Keys that are due now and not being reconciled. */
  depth(): number;
  /** Reconciles until `signal` aborts and what is running has ended. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** A queue of keys: a key says that something may be to do, never what. */
export function createWorkQueue<K>(options: WorkQueueOptions<K>): WorkQueue<K> {
  const {
    clock,
    log,
    reconcile,
    random = systemRandom,
    concurrency = 1,
    coalesceMs = 0,
    backoff = { minMs: 1_000, maxMs: 60_000 },
  } = options;
  /** When each waiting key is due, on the monotonic clock. */
  const due = new Map<K, number>();
  const running = new Set<K>();
  const failures = new Map<K, number>();
  /** Until when a key cools down. */
  const coolingDown = new Map<K, number>();
  let pump: () => void = () => undefined;

  const schedule = (key: K, delayMs: number): void => {
    const atMs = Math.max(clock.monotonic() + delayMs, coolingDown.get(key) ?? -Infinity);
    const known = due.get(key);
    if (known === undefined || atMs < known) due.set(key, atMs);
  };

  const coolDown = (key: K): void => {
    if (coalesceMs === 0) return;
    const untilMs = clock.monotonic() + coalesceMs;
    coolingDown.set(key, untilMs);
    clock.setTimer(coalesceMs, () => coolingDown.delete(key));
    const atMs = due.get(key);
    if (atMs !== undefined) due.set(key, Math.max(atMs, untilMs));
  };

  const runOne = async (key: K, waitedMs: number, signal: AbortSignal): Promise<void> => {
    const startedMs = clock.monotonic();
    const ended = (ok: boolean): void => options.onReconcile?.({ key, waitedMs, tookMs: clock.monotonic() - startedMs, ok });
    try {
      const { requeueAfterMs } = await reconcile(key, signal);
      ended(true);
      failures.delete(key);
      if (requeueAfterMs !== undefined) schedule(key, requeueAfterMs);
    } catch (error) {
      if (signal.aborted) return;
      ended(false);
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const delayMs = backoffMs(count, backoff, random);
      schedule(key, delayMs);
      log.error('Reconcile failed; will retry', { key: String(key), error, failures: count, delayMs: Math.round(delayMs) });
    }
  };

  return {
    add(key, inMs = 0) {
      schedule(key, inMs);
      pump();
    },
    depth() {
      const nowMs = clock.monotonic();
      return [...due].filter(([key, atMs]) => atMs <= nowMs && !running.has(key)).length;
    },
    run(signal) {
      return new Promise((resolve) => {
        let cancelTimer: () => void = () => undefined;
        const start = (key: K, waitedMs: number): void => {
          due.delete(key);
          running.add(key);
          void runOne(key, waitedMs, signal).finally(() => {
            running.delete(key);
            coolDown(key);
            pump();
          });
        };
        pump = (): void => {
          cancelTimer();
          if (signal.aborted) {
            if (running.size === 0) {
              pump = () => undefined;
              resolve();
            }
            return;
          }
          const nowMs = clock.monotonic();
          let nextMs = Infinity;
          for (const [key, atMs] of due) {
            if (running.has(key) || running.size >= concurrency) continue;
            if (atMs <= nowMs) start(key, nowMs - atMs);
            else nextMs = Math.min(nextMs, atMs);
          }
          // A reconcile may have called add, which set the timer already.
          cancelTimer();
          if (nextMs !== Infinity && running.size < concurrency) cancelTimer = clock.setTimer(nextMs - nowMs, pump);
        };
        signal.addEventListener('abort', pump, { once: true });
        pump();
      });
    },
  };
}
