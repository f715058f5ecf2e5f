import type { BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../timestamps.ts';
import type { WindowState } from '../window/window.ts';
import { windowAt } from '../window/window.ts';
import { deadlineOf } from './deadlines.ts';
import type { FleetObservation } from './observation.ts';
import type { FleetPolicy } from './policy.ts';

// Long enough for a controller that is restarted between one node and the next.
const GOES_ON_MS = 10 * 60_000;

/**
 * The window as this fleet finds it. What a trigger such as `0 0 2 * * * *` has begun goes on until all nodes are done: the window stays open while an
 * update is under way, and for ten minutes after the last one has ended. Nothing can be under way that was not begun while it was open, so
 * nothing has to be remembered. A node that is stuck does not keep it open.
 * @param now milliseconds since the epoch
 */
export function fleetWindowAt({ shadows }: FleetObservation, policy: FleetPolicy, now: number): WindowState {
  const { window } = policy;
  const state = windowAt(window, now);
  if (state.open || window.kind !== 'cron' || !window.trigger) return state;
  return shadows.some((shadow) => goesOn(shadow, policy, now)) ? { open: true } : state;
}

function goesOn(shadow: BottlerocketShadow, policy: FleetPolicy, now: number): boolean {
  if (shadow.spec.state !== 'Idle') return now < deadlineOf(shadow, policy, now);
  const endedAt = parseTimestamp(shadow.spec.state_transition_timestamp, now);
  return endedAt !== undefined && now - endedAt < GOES_ON_MS;
}
