import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import { deadlineOf } from './deadlines.ts';
import type { FleetPolicy } from './policy.ts';

/** How a version fares that should not be given to further nodes. */
export interface FailingVersion {
  /** Names of the nodes that have failed to run it: it did not boot, or they were not healthy on it and have not become so. */
  readonly failed: ReadonlySet<string>;
  /** How many nodes run it that have not failed. */
  readonly running: number;
}

/**
 * The versions that too many nodes have failed to run. The nodes that have failed may try again after their backoff; as soon as more nodes
 * run the version than have failed, or few enough fail, the others may, too.
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
 * The version that a node runs and was not healthy on in time, as far as the controller can tell without its agent: one that is past the deadline of its monitoring,
 * or whose monitoring was given up, until its agent says how the node is.
 */
function unprovenVersion(shadow: BottlerocketShadow, policy: FleetPolicy, now: number): string | undefined {
  const { spec, status } = shadow;
  if (typeof spec.version !== 'string' || status?.current_version !== spec.version) return undefined;
  if (spec.state === 'Idle') return status.current_state === 'Idle' ? undefined : spec.version;
  return spec.state === 'MonitoringUpdate' && now >= deadlineOf(shadow, policy, now) ? spec.version : undefined;
}
