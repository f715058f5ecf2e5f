import { expect } from '@jest/globals';
import type { ShadowProgress, ShadowStatus } from '@brupop/crd-models';
import { ago, aFleet, aPolicy, lines, NOW } from './model/fleet.fixture.ts';
import type { Member, MemberChanges } from './model/fleet.fixture.ts';
import type { FleetPolicy } from './model/policy.ts';
import { planFleet } from './plan-fleet.ts';

/** A node whose shadow has asked for `state` for so many minutes. */
export const desired = (
  state: 'StagedAndPerformedUpdate' | 'RebootedIntoUpdate' | 'MonitoringUpdate',
  minutes: number = 1,
): MemberChanges => ({
  spec: { state, version: '1.1.0', state_transition_timestamp: ago(minutes) },
});

/** The progress of a drain, as the agent reports it. */
export const progress: ShadowProgress = { step: 'Draining', since: ago(1), boot_id: 'b', version: '1.1.0', message: 'evicting 3 pods' };
/** The status of a staged node. */
export const staged = { current_state: 'StagedAndPerformedUpdate' } as const;
/** The status of a node that has booted the new version. */
export const rebooted = { current_state: 'RebootedIntoUpdate', current_version: '1.1.0' } as const;
/** The status of a node whose agent has reported it healthy on the new version. */
export const monitoring = { current_state: 'MonitoringUpdate', current_version: '1.1.0' } as const;
/** The status of a node whose update ended because the version is no longer offered. */
export const withdrawn = (target_version: string): Partial<ShadowStatus> => ({ current_state: 'ErrorReset', boot_id: 'b', target_version });

/** A row of a table: a fleet, and the plan for it as {@link lines}. */
export interface PlanRow {
  readonly name: string;
  readonly fleet: readonly Member[];
  readonly policy?: Partial<FleetPolicy>;
  readonly expected: readonly string[];
}

/** Expects the plan that the row names. */
export function expectPlan({ fleet, policy, expected }: PlanRow): void {
  expect(lines(planFleet(aFleet(fleet), aPolicy(policy), NOW))).toEqual(expected);
}
