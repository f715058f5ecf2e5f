import type { WindowState } from './window-state.ts';

const DAY_MS = 24 * 3_600_000;
// A node that starts in the last minutes would still be draining when the window closes.
const RESERVED_MS = 6 * 60_000;

/** The same hours of every day, in UTC. */
export interface DailyWindow {
  readonly kind: 'daily';
  /** Milliseconds after midnight; inclusive. */
  readonly startMs: number;
  /** Milliseconds after midnight; exclusive. Before `startMs`: on the next day. */
  readonly stopMs: number;
}

/**
 * Nothing starts in the last 6 minutes before the stop, nor in the second half of a window shorter than 12 minutes.
 * @param now milliseconds since the epoch
 */
export function dailyWindowAt(window: DailyWindow, now: number): WindowState {
  const lengthMs = mod(window.stopMs - window.startMs, DAY_MS);
  const openMs = lengthMs - Math.min(RESERVED_MS, lengthMs / 2);
  const sinceStartMs = mod(now - window.startMs, DAY_MS);
  return sinceStartMs < openMs
    ? { open: true, closesAt: now - sinceStartMs + openMs }
    : { open: false, opensAt: now - sinceStartMs + DAY_MS };
}

/** The format of a time of day, as a regular expression for the whole text. */
export const TIME_OF_DAY_PATTERN = '([01]?[0-9]|2[0-3]):([0-5]?[0-9]):([0-5]?[0-9])';
const TIME_OF_DAY = new RegExp(`^${TIME_OF_DAY_PATTERN}$`);

/** Parses `h:m:s` as milliseconds after midnight; undefined if it is not a time of day. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hours, minutes, seconds] = (TIME_OF_DAY.exec(text) ?? []).map(Number);
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

const mod = (value: number, by: number): number => ((value % by) + by) % by;
