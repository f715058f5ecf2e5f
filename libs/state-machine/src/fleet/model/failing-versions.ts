import { nodeNameOf, type BottlerocketShadow } from '@brupop/crd-models';
import { deadlineOf } from './deadlines.ts';
import type { FleetPolicy } from './policy.ts';

/** A version that no other node should be updated to. */
export interface FailingVersion {
  /** Names of the nodes that failed to run it: it did not boot, or the node was not healthy on it and still is not. */
  readonly failed: ReadonlySet<string>;
  /** How many other nodes run it. */
  readonly running: number;
}

/**
 * The versions that too many nodes failed to run. The nodes that failed may try again after their backoff. Other nodes may be updated once
 * more nodes run the version than failed, or once fewer nodes fail than the policy allows.
 * @param now milliseconds since the epoch
 */
export function failingVersions(
  shadows: readonly BottlerocketShadow[],
  policy: FleetPolicy,
  now: number,
): ReadonlyMap<string, FailingVersion> {
  const { maxFailedNodes = Infinity } = policy;
  const failures = new Map<string, Set<string>>();
  const note = (version: string, shadow: BottlerocketShadow): void => {
    const failed = failures.get(version) ?? new Set();
    failures.set(version, failed.add(nodeNameOf(shadow) ?? ''));
  };
  for (const shadow of shadows) {
    for (const { version } of shadow.status?.failed_versions ?? []) note(version, shadow);
    const unproven = unprovenVersion(shadow, policy, now);
    if (unproven !== undefined) note(unproven, shadow);
  }
  const tooMany = [...failures].filter(([, failed]) => failed.size >= maxFailedNodes);
  const counted = tooMany.map(([version, failed]) => {
    const runs = (shadow: BottlerocketShadow): boolean =>
      shadow.status?.current_version === version && !failed.has(nodeNameOf(shadow) ?? '');
    return [version, { failed, running: shadows.filter(runs).length }] as const;
  });
  return new Map(counted.filter(([, { failed, running }]) => failed.size >= running));
}

/**
 * The version that a node runs and did not become healthy on before its monitoring deadline, as the controller knows without the agent. It
 * counts as failed until the agent reports the health of the node.
 */
function unprovenVersion(shadow: BottlerocketShadow, policy: FleetPolicy, now: number): string | undefined {
  const { spec, status } = shadow;
  if (typeof spec.version !== 'string' || status?.current_version !== spec.version) return undefined;
  if (spec.state === 'Idle') return status.current_state === 'Idle' ? undefined : spec.version;
  return spec.state === 'MonitoringUpdate' && now >= deadlineOf(shadow, policy, now) ? spec.version : undefined;
}
