import { sleep, systemClock } from '@brupop/ports';

const LOOK_MS = 400;

/** Options of a wait. */
export interface Wait {
  /** The end of the sentence "waited 60 s for …". */
  readonly for: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** The actual state, for the message. */
  readonly instead?: () => string | Promise<string>;
}

/**
 * Waits until `condition` returns something else than undefined or false, and returns that. A condition that throws counts as false.
 * @throws Error after the limit
 */
export async function eventually<T>(condition: () => T | Promise<T>, wait: Wait): Promise<Exclude<T, false | undefined>> {
  const endMs = systemClock.monotonic() + wait.limitMs;
  for (;;) {
    let last: T | undefined;
    let trouble = '';
    try {
      last = await condition();
    } catch (error) {
      trouble = ` (${String(error)})`;
    }
    wait.signal.throwIfAborted();
    if (last !== undefined && last !== false) return last as Exclude<T, false | undefined>;
    if (systemClock.monotonic() > endMs) {
      const instead = wait.instead === undefined ? '' : `; instead:\n${await wait.instead()}`;
      throw new Error(`waited ${Math.round(wait.limitMs / 1000)} s for ${wait.for}${trouble}${instead}`);
    }
    await sleep(systemClock, LOOK_MS, wait.signal);
  }
}
