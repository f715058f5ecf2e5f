/** A window at one moment. Times are milliseconds since the epoch. */
export interface WindowState {
  readonly open: boolean;
  /** When it opens next; absent while it is open, and if it never opens again. */
  readonly opensAt?: number;
  /** When it closes; absent while it is closed, and if it stays open for more than a fortnight. */
  readonly closesAt?: number;
}
