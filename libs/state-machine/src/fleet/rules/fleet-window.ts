import { WINDOW_ANNOTATION } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { formatTimestamp, parseTimestamp } from '../../timestamps.ts';
import type { CronWindow } from '../../window/cron-window.ts';
import { triggeredAt } from '../../window/cron-window.ts';
import { windowAt } from '../../window/window.ts';
import type { WindowState } from '../../window/window-state.ts';
import { deadlineOf } from '../model/deadlines.ts';
import type { FleetObservation } from '../model/observation.ts';
import type { FleetChange } from '../model/plan.ts';
import type { FleetPolicy } from '../model/policy.ts';

// Long enough for a controller that is restarted between one node and the next.
const GOES_ON_MS = 10 * 60_000;

/** The window of a fleet at one moment. */
export interface FleetWindow extends WindowState {
  /** When the trigger fired that has opened it, milliseconds since the epoch. Absent while it is closed, and where the window is no trigger. */
  readonly triggeredAt?: number;
}

/**
 * The window as this fleet finds it. What a trigger such as `0 0 2 * * * *` has begun goes on until all nodes are done: the window stays open while an
 * update is under way that was begun in it, and for ten minutes after the last one has ended or has passed its deadline.
 *
 * Which update was begun in it is on the shadows, as `WINDOW_ANNOTATION`: each step is marked that is told while the window is open, and a later step of an
 * update only if the one before still kept the window open. So an update that comes back to life when the window has closed is
 * finished, but does not open the window for others.
 * @param now milliseconds since the epoch
 */
export function fleetWindowAt({ shadows }: FleetObservation, policy: FleetPolicy, now: number): FleetWindow {
  const { window } = policy;
  const state = windowAt(window, now);
  if (window.kind !== 'cron' || !window.trigger) return state;
  const fired = triggeredAt(window, now);
  if (fired !== undefined) return { ...state, triggeredAt: fired };
  let latest = -Infinity;
  for (const shadow of shadows) latest = Math.max(latest, keptOpenSince(shadow, window, policy, now) ?? -Infinity);
  return latest === -Infinity ? state : { open: true, triggeredAt: latest };
}

/** When the trigger fired whose window this shadow's last step keeps open; undefined: it keeps none open. */
function keptOpenSince(shadow: BottlerocketShadow, window: CronWindow, policy: FleetPolicy, now: number): number | undefined {
  const [start = '', end = ''] = shadow.metadata.annotations?.[WINDOW_ANNOTATION]?.split('/') ?? [];
  // A spec that somebody else has written since is no step of this window.
  if (start === '' || end !== shadow.spec.state_transition_timestamp) return undefined;
  const firedAt = parseTimestamp(start, now);
  if (firedAt === undefined || triggeredAt(window, firedAt) !== firedAt) return undefined;
  const endedAt = shadow.spec.state === 'Idle' ? parseTimestamp(end, now) : deadlineOf(shadow, policy, now);
  return endedAt !== undefined && now < endedAt + GOES_ON_MS ? firedAt : undefined;
}

/** The change of a shadow, with the mark by which its step keeps a trigger's window open, or without one that says so no longer. */
export function markWindow(
  change: FleetChange,
  shadow: BottlerocketShadow,
  fleetWindow: FleetWindow,
  policy: FleetPolicy,
  now: number,
): FleetChange {
  if (change.kind !== 'spec') return change;
  const { window } = policy;
  const isTrigger = window.kind === 'cron' && window.trigger;
  // A node that was staged in an earlier window begins to drain in this one.
  const begins = change.reason === 'UpdateStarted' || change.reason === 'RebootAllowed';
  const goesOn = (): number | undefined => (isTrigger ? keptOpenSince(shadow, window, policy, now) : undefined);
  const firedAt = begins ? fleetWindow.triggeredAt : goesOn();
  if (firedAt !== undefined) {
    return { ...change, windowAnnotation: `${formatTimestamp(firedAt)}/${change.spec.state_transition_timestamp ?? ''}` };
  }
  return shadow.metadata.annotations?.[WINDOW_ANNOTATION] === undefined ? change : { ...change, windowAnnotation: null };
}
