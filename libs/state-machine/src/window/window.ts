import type { CronWindow } from './cron-window.ts';
import type { DailyWindow } from './daily-window.ts';
import { cronWindowAt } from './cron-window.ts';
import { dailyWindowAt } from './daily-window.ts';

/** When disruptive steps may start. Made by `parseWindow`. */
export type UpdateWindow = { readonly kind: 'always' } | DailyWindow | CronWindow;

/** A window at one moment. Times are milliseconds since the epoch. */
export interface WindowState {
  readonly open: boolean;
  /** When it opens next; absent while it is open, and if it never opens again. */
  readonly opensAt?: number;
  /** When it closes; absent while it is closed, and if that is farther away than a fortnight. */
  readonly closesAt?: number;
}

/**
 * Whether the window is open, and when that changes next.
 * @param now milliseconds since the epoch
 */
export function windowAt(window: UpdateWindow, now: number): WindowState {
  switch (window.kind) {
    case 'always':
      return { open: true };
    case 'daily':
      return dailyWindowAt(window, now);
    case 'cron':
      return cronWindowAt(window, now);
  }
}
