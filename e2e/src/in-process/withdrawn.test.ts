import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Sets the number of disruptions that the budgets of the workloads allow. */
function allow(fleet: Fleet, maxUnavailable: number): void {
  for (const { metadata } of fleet.cluster.store.list('PodDisruptionBudget')) {
    if (metadata.namespace === DEFAULT_NAMESPACE) continue;
    fleet.cluster.store.patch('PodDisruptionBudget', metadata, { spec: { maxUnavailable, minAvailable: null } });
  }
}

const hostState = (fleet: Fleet, name: string): string | undefined => fleet.cluster.host(name).updateStatus?.state;
const withdraw = (fleet: Fleet): void => void fleet.cluster.repository.available.splice(0, 1);
const lock = (fleet: Fleet): void => {
  for (const name of fleet.names) fleet.cluster.host(name).versionLock = `v${OLD}`;
};
const WAYS = [
  { how: 'withdrawn', take: withdraw, hours: 6 },
  { how: 'locked out by an administrator', take: lock, hours: 2 },
];

/** The final state of each node, and which ones were cordoned since. */
function watch(fleet: Fleet): { readonly cordoned: ReadonlySet<string>; readonly end: () => unknown } {
  const cordoned = new Set<string>();
  const boots = new Map(fleet.names.map((name) => [name, fleet.boots(name)]));
  fleet.onChange(() => {
    for (const name of fleet.names) if (fleet.node(name).cordoned) cordoned.add(name);
  });
  const end = (): unknown =>
    fleet.names.map((name) => {
      const { current_version, target_version, crash_count, failed_versions, failure_message } = fleet.shadow(name)?.status ?? {};
      return [
        current_version,
        target_version,
        crash_count,
        failed_versions,
        failure_message ?? null,
        fleet.boots(name) - (boots.get(name) ?? 0),
      ];
    });
  return { cordoned, end };
}

const AT_REST = [OLD, OLD, 0, [], null, 0];

describe('a version that is no longer offered', () => {
  test.each(WAYS)(
    'because it is $how after a failed attempt is neither drained for nor booted, and no node fails',
    async ({ take, hours }) => {
      const fleet = aFleet({ nodes: 3, webReplicas: 2, drainTimeoutMs: 2 * MINUTE });
      allow(fleet, 0);
      const failed = (): string | undefined => fleet.names.find((name) => fleet.shadow(name)?.status?.crash_count === 1);
      const isOver = (): boolean => {
        const name = failed();
        return name !== undefined && fleet.shadow(name)?.status?.current_state === 'Idle' && hostState(fleet, name) === 'Staged';
      };
      expect(await fleet.until(isOver, HOUR)).toBe(true);
      take(fleet);
      allow(fleet, 1);
      // The next node may have begun its drain already; it is restored.
      await fleet.rest(10 * MINUTE);
      const { cordoned, end } = watch(fleet);
      await fleet.rest(hours * HOUR);
      expect([end(), [...cordoned]]).toEqual([fleet.names.map(() => AT_REST), []]);
    },
  );

  test.each(WAYS)('because it is $how while nodes wait for the window ends their updates within minutes', async ({ take }) => {
    // The nodes are permitted to stage just before the window closes.
    const policy = { maxConcurrentUpdates: 'unlimited', window: { kind: 'daily', startMs: 0, stopMs: 5 * MINUTE } } as const;
    const fleet = aFleet({ nodes: 3, policy, hostTimings: { downloadMs: 10 * MINUTE } });
    const isStaged = (name: string): boolean => fleet.shadow(name)?.status?.current_state === 'StagedAndPerformedUpdate';
    expect(await fleet.until(() => fleet.names.every(isStaged), HOUR)).toBe(true);
    await fleet.rest(HOUR);
    expect(fleet.names.every(isStaged)).toBe(true);
    take(fleet);
    const { cordoned, end } = watch(fleet);
    await fleet.rest(5 * MINUTE);
    expect([end(), [...cordoned]]).toEqual([fleet.names.map(() => AT_REST), []]);
    expect(fleet.names.map((name) => hostState(fleet, name))).toEqual(fleet.names.map(() => 'Staged'));
    const entries = fleet.log.entries.filter(({ fields }) => fields['reason'] === 'UpdateWithdrawn');
    expect(entries.length).toBeGreaterThanOrEqual(3);
  });

  test('but followed by a newer one is skipped: all nodes go to the newer one, each with one reboot', async () => {
    const fleet = aFleet({ nodes: 3, policy: { maxConcurrentUpdates: 'unlimited' } });
    const isStaging = (): boolean => fleet.updating.length > 0;
    expect(await fleet.at(isStaging, () => void fleet.cluster.repository.available.unshift('1.28.0'), HOUR)).toBe(true);
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, '1.28.0')), 2 * HOUR)).toBe(true);
    expect(fleet.names.map((name) => [fleet.boots(name), fleet.mostFailures(name)])).toEqual(fleet.names.map(() => [1, 0]));
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.failed_versions)).toEqual([[], [], []]);
    expect(fleet.log.entries.filter(({ fields }) => fields['version'] === NEW && fields['step'] === 'Rebooting')).toEqual([]);
  });
});
