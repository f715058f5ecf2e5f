import { nodeNameOf, type ObservedShadow } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';
import { conditionsDue, type ConditionsDue, type FleetHold } from '@brupop/state-machine';
import { createConditionLimiter } from './condition-limiter.ts';
import type { PlannedFleet } from './planned-fleet.ts';

/** The shadow whose conditions are to be written, and the hold that they follow from. */
export interface DueConditions {
  readonly shadow: ObservedShadow;
  readonly hold: FleetHold;
}

/** Shadows whose conditions differ from the last plan. What it remembers only saves writes: a new leader starts with nothing. */
export interface ConditionQueue {
  /** Replaces the entries by those of a new plan. */
  plan(planned: PlannedFleet): void;
  /** Notes that a shadow has changed: its conditions settle from now on, and the plan that is about to follow decides about them. */
  changed(shadow: string): void;
  /** @returns the next to write, counted by the rate limiter; or in how many milliseconds to ask again, Infinity: after a new plan */
  next(): DueConditions | number;
  /** Removes the entry of a shadow until a later plan adds it. @param isWritten whether its next conditions have to settle first */
  remove(shadow: string, isWritten: boolean): void;
  /** A write has failed: the other shadows go first. */
  postpone(shadow: string): void;
  clear(): void;
}

// A step is often followed by the next within a moment; what was true in between is not worth a write of its own.
const SETTLE_MS = 5_000;
// One shadow whose writes are rejected or time out must not hold up those of the others.
const POSTPONED_MS = 60_000;
// A host that is checking for updates: the refresh has mostly ended by then.
const CHECK_SETTLES_MS = 60_000;

interface Entry extends DueConditions {
  readonly urgency: ConditionsDue;
  readonly settledAtMs: number;
}

export function createConditionQueue(clock: Clock): ConditionQueue {
  const waitMs = createConditionLimiter(clock);
  /** By shadow, in the order of the plan's observation. */
  let entries = new Map<string, Entry>();
  /** By shadow: since when its conditions differ, or may differ, in monotonic milliseconds. */
  let dueSince = new Map<string, number>();
  /** By shadow whose write has failed: when to try again, in monotonic milliseconds. */
  const postponed = new Map<string, number>();
  /** Shadows with up-to-date conditions, and the hold they follow from: of thousands hardly any changes from one plan to the next. */
  const upToDate = new WeakMap<ObservedShadow, FleetHold>();

  const dueOf = (shadow: ObservedShadow, hold: FleetHold): ConditionsDue => {
    if (isSame(hold, upToDate.get(shadow))) return 'none';
    const due = conditionsDue(shadow, hold);
    if (due === 'none') upToDate.set(shadow, hold);
    return due;
  };

  return {
    plan({ observation, plan }) {
      const holds = new Map<string, FleetHold>();
      for (const hold of plan.holds) holds.set(hold.node, hold);
      const nowMs = clock.monotonic();
      const since = new Map<string, number>();
      entries = new Map();
      for (const shadow of observation.shadows) {
        const hold = holds.get(nodeNameOf(shadow) ?? '');
        const urgency = hold === undefined ? 'none' : dueOf(shadow, hold);
        if (hold === undefined || urgency === 'none') continue;
        const { name } = shadow.metadata;
        const sinceMs = dueSince.get(name) ?? nowMs;
        since.set(name, sinceMs);
        entries.set(name, { shadow, hold, urgency, settledAtMs: sinceMs + (urgency === 'settling' ? CHECK_SETTLES_MS : SETTLE_MS) });
      }
      dueSince = since;
      for (const name of postponed.keys()) if (!entries.has(name)) postponed.delete(name);
    },
    changed(shadow) {
      entries.delete(shadow);
      if (!dueSince.has(shadow)) dueSince.set(shadow, clock.monotonic());
    },
    next() {
      const nowMs = clock.monotonic();
      let late: Entry | undefined;
      let nextInMs = Infinity;
      for (const [name, entry] of entries) {
        const inMs = Math.max(entry.settledAtMs, postponed.get(name) ?? 0) - nowMs;
        if (inMs > 0) nextInMs = Math.min(nextInMs, inMs);
        else if (entry.urgency === 'late') late ??= entry;
        else return waitMs(false) || entry;
      }
      return late === undefined ? nextInMs : Math.min(nextInMs, waitMs(true)) || late;
    },
    remove(shadow, isWritten) {
      entries.delete(shadow);
      postponed.delete(shadow);
      if (isWritten) dueSince.delete(shadow);
    },
    postpone(shadow) {
      postponed.set(shadow, clock.monotonic() + POSTPONED_MS);
    },
    clear() {
      postponed.clear();
      entries.clear();
      dueSince.clear();
    },
  };
}

function isSame({ reason, message, lasting }: FleetHold, other: FleetHold | undefined): boolean {
  return reason === other?.reason && message === other.message && lasting === other.lasting;
}
