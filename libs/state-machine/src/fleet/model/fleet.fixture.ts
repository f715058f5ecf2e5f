import { WINDOW_ANNOTATION } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowSpec, ShadowStatus } from '@brupop/crd-models';
import { formatTimestamp } from '@brupop/kube-objects';
import type { FleetObservation, NodeObservation } from './observation.ts';
import type { FleetPlan } from './plan.ts';
import type { FleetPolicy } from './policy.ts';

/** Monday 2026-01-05, 12:00 UTC: the present of all tables. */
export const NOW: number = Date.UTC(2026, 0, 5, 12);
export const MINUTE: number = 60_000;

/** RFC 3339 of so many minutes before {@link NOW}. */
export const ago = (minutes: number): string => formatTimestamp(NOW - minutes * MINUTE);

/** A node that nothing is wrong with. */
export function aNode(name: string, changes: Partial<NodeObservation> = {}): NodeObservation {
  return {
    name,
    uid: `uid-${name}`,
    managed: true,
    ready: true,
    readySince: ago(600),
    unschedulable: false,
    tainted: false,
    cordonedByUs: false,
    excludedByUs: false,
    deleting: false,
    ...changes,
  };
}

/** As an agent reports it that has just checked for updates, unless `update_check` says otherwise. */
function checked(status: ShadowStatus): ShadowStatus {
  const result = status.current_version === status.target_version ? 'NothingNewer' : 'UpdateAvailable';
  return { update_check: { result, checked_at: ago(1) }, ...status };
}

/** The shadow of a node that could go from 1.0.0 to 1.1.0. */
export function aShadow(node: string, spec: Partial<ShadowSpec> = {}, status: Partial<ShadowStatus> | null = {}): BottlerocketShadow {
  const isAtRest = spec.state === undefined && (status?.current_state ?? 'Idle') === 'Idle';
  return {
    apiVersion: 'brupop.bottlerocket.aws/v2',
    kind: 'BottlerocketShadow',
    metadata: { name: `brs-${node}`, uid: `shadow-uid-${node}`, resourceVersion: '7', creationTimestamp: ago(10_000) },
    spec: { state: 'Idle', state_transition_timestamp: isAtRest ? ago(600) : ago(1), ...spec },
    status: status && checked({ current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0, ...status }),
  };
}

/** One node's part of a fleet; `agent: undefined` is a node without an agent pod. */
export interface Member {
  readonly node: NodeObservation;
  readonly shadow?: BottlerocketShadow;
  readonly agent?: boolean | undefined;
}

/** A member whose agent is Ready, unless the changes say otherwise. */
export function aMember(name: string, { spec, status, ...changes }: MemberChanges = {}): Member {
  const { agent, shadow, ...node } = { agent: true, ...changes };
  return { node: aNode(name, node), agent, ...(shadow === null ? {} : { shadow: shadow ?? aShadow(name, spec, status) }) };
}

export type MemberChanges = Partial<NodeObservation> & {
  readonly spec?: Partial<ShadowSpec>;
  readonly status?: Partial<ShadowStatus> | null;
  readonly agent?: boolean | undefined;
  /** `null`: none. */
  readonly shadow?: BottlerocketShadow | null;
};

export function aFleet(members: readonly Member[], leaderNodeName = 'leader'): FleetObservation {
  return {
    nodes: members.map(({ node }) => node),
    shadows: members.flatMap(({ shadow }) => (shadow === undefined ? [] : [shadow])),
    agents: new Map(members.flatMap(({ node, agent }) => (agent === undefined ? [] : [[node.name, agent] as const]))),
    leaderNodeName,
  };
}

export function aPolicy(changes: Partial<FleetPolicy> = {}): FleetPolicy {
  return {
    maxConcurrentUpdates: 1,
    window: { kind: 'always' },
    timeouts: { stagedMs: 10 * MINUTE, rebootedMs: 20 * MINUTE, monitoringMs: 5 * MINUTE, recoveryMs: 3 * MINUTE },
    soakMs: 0,
    ...changes,
  };
}

/** A window that opens at 13:00. */
export const CLOSED: FleetPolicy['window'] = { kind: 'daily', startMs: 13 * 60 * MINUTE, stopMs: 14 * 60 * MINUTE };

/** A plan as lines, changes first: `a→Idle UpdateFinished`, `a deleted LabelRemoved`, `a: NoFreeSlot`. */
export function lines({ changes, holds }: FleetPlan): string[] {
  return [
    ...changes.map((change) =>
      change.kind === 'spec' ? `${change.node}→${change.spec.state} ${change.reason}` : `${change.node} deleted ${change.reason}`,
    ),
    ...holds.map(({ node, reason }) => `${node}: ${reason}`),
  ];
}

/** When `0 0 2 * * * *` fired last before {@link NOW}. */
export const FIRED: string = '2026-01-05T02:00:00.000Z';

/** The same member, whose shadow's last step belongs to the window that a trigger opened at `fired`. */
export function inWindow(member: Member, fired: string = FIRED, writtenAt?: string): Member {
  if (member.shadow === undefined) return member;
  const end = writtenAt ?? member.shadow.spec.state_transition_timestamp ?? '';
  const metadata = { ...member.shadow.metadata, annotations: { [WINDOW_ANNOTATION]: `${fired}/${end}` } };
  return { ...member, shadow: { ...member.shadow, metadata } };
}
