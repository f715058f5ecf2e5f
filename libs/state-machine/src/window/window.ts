import { cronWindowAt, type CronWindow } from './cron-window.ts';
import { dailyWindowAt, type DailyWindow } from './daily-window.ts';
import type { WindowState } from './window-state.ts';

/** When disruptive steps may start. Created by `parseWindow`. */
export type UpdateWindow = { readonly kind: 'always' } | DailyWindow | CronWindow;

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
