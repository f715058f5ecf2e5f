import { WINDOW_ANNOTATION, type BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import { formatTimestamp } from '@brupop/kube-objects';
import { triggeredAt, type CronWindow } from '../../window/cron-window.ts';
import { windowAt } from '../../window/window.ts';
import type { WindowState } from '../../window/window-state.ts';
import { deadlineOf } from '../model/deadlines.ts';
import type { FleetObservation } from '../model/observation.ts';
import type { FleetChange } from '../model/plan.ts';
import type { FleetPolicy } from '../model/policy.ts';

// Long enough for a restart of the controller between one node and the next.
const STAYS_OPEN_MS = 10 * 60_000;

/** The window of a fleet at one moment. */
export interface FleetWindow extends WindowState {
  /** When the trigger that opened it fired, milliseconds since the epoch. Absent while it is closed, and if the window is not a trigger. */
  readonly triggeredAt?: number;
}

/**
 * The window for this fleet. A trigger such as `0 0 2 * * * *` starts updates that continue until all nodes are done: the window stays open
 * while an update that began in it runs, and for ten minutes after the last one has ended or has passed its deadline.
 *
 * `WINDOW_ANNOTATION` on the shadows records which updates began in the window. A step gets it while the window is open, and a later step
 * of the update only if the step before still kept the window open. So an update that resumes after the window has closed is finished, but
 * does not open the window for others.
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

/** When the trigger fired whose window the last step of this shadow keeps open; undefined if it keeps none open. */
function keptOpenSince(shadow: BottlerocketShadow, window: CronWindow, policy: FleetPolicy, now: number): number | undefined {
  const [start = '', end = ''] = shadow.metadata.annotations?.[WINDOW_ANNOTATION]?.split('/') ?? [];
  // A spec that someone else has written since is not a step of this window.
  if (start === '' || end !== shadow.spec.state_transition_timestamp) return undefined;
  const firedAt = parseTimestamp(start, now);
  if (firedAt === undefined || triggeredAt(window, firedAt) !== firedAt) return undefined;
  const endedAt = shadow.spec.state === 'Idle' ? parseTimestamp(end, now) : deadlineOf(shadow, policy, now);
  return endedAt !== undefined && now < endedAt + STAYS_OPEN_MS ? firedAt : undefined;
}

/**
 * The change of a shadow, with the annotation by which its step keeps the window of a trigger open, or with the removal of an outdated one.
 */
export function annotateWindow(
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
  const continued = (): number | undefined => (isTrigger ? keptOpenSince(shadow, window, policy, now) : undefined);
  const firedAt = begins ? fleetWindow.triggeredAt : continued();
  if (firedAt !== undefined) {
    return { ...change, windowAnnotation: `${formatTimestamp(firedAt)}/${change.spec.state_transition_timestamp ?? ''}` };
  }
  return shadow.metadata.annotations?.[WINDOW_ANNOTATION] === undefined ? change : { ...change, windowAnnotation: null };
}
