import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import type { FleetPolicy } from './policy.ts';

/** How a version fares that should not be given to further nodes. */
export interface FailingVersion {
  /** Names of the nodes that have failed to run it and do not run it. */
  readonly failed: ReadonlySet<string>;
  /** How many nodes run it. */
  readonly running: number;
}

/**
 * The versions that too many nodes have failed to run. The nodes that have failed may try again after their backoff; as soon as more nodes
 * run the version than have failed, or few enough fail, the others may, too.
 */
export function failingVersions(
  shadows: readonly BottlerocketShadow[],
  { maxFailedNodes = Infinity }: FleetPolicy,
): ReadonlyMap<string, FailingVersion> {
  const failures = new Map<string, Set<string>>();
  for (const shadow of shadows) {
    for (const { version } of shadow.status?.failed_versions ?? []) {
      if (version === shadow.status?.current_version) continue;
      const failed = failures.get(version) ?? new Set();
      failures.set(version, failed.add(nodeNameOf(shadow) ?? ''));
    }
  }
  const tooMany = [...failures].filter(([, failed]) => failed.size >= maxFailedNodes);
  const counted = tooMany.map(([version, failed]) => {
    const running = shadows.filter(({ status }) => status?.current_version === version).length;
    return [version, { failed, running }] as const;
  });
  return new Map(counted.filter(([, { failed, running }]) => failed.size >= running));
}
