import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';
import { followReports } from '@brupop/state-machine';
import type { FollowedReports } from '@brupop/state-machine';

/** Finds agents that have stopped reporting update checks. Kept in memory: a new process starts over, and takes longer to find them. */
export interface CheckWatch {
  /** Names of the shadows of these agents, as of at most a minute ago. */
  overdue(shadows: readonly BottlerocketShadow[]): ReadonlySet<string>;
}

// Silence lasts hours before it counts, and a look goes through the whole fleet.
const EVERY_MS = 60_000;

/** A watch that has seen no report yet. */
export function createCheckWatch(clock: Clock): CheckWatch {
  let followed: FollowedReports = { spans: new Map(), overdue: new Set() };
  let lookedAtMs = -Infinity;
  return {
    overdue(shadows) {
      const steady = clock.monotonic();
      if (steady - lookedAtMs >= EVERY_MS) {
        lookedAtMs = steady;
        followed = followReports(followed.spans, shadows, { steady, wall: clock.now() });
      }
      return followed.overdue;
    },
  };
}
