import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { DrainTimeoutAction } from '@brupop/drain';
import { installObjects } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const TIMEOUT_MS = 5 * MINUTE;

/** A fleet with a budget that allows nothing, an apiserver with this setting, and the manifest for it. */
function aBlockedFleet(action: DrainTimeoutAction, permitted: DrainTimeoutAction = action): Fleet {
  const fleet = aFleet({ nodes: 3, webReplicas: 2, drainTimeoutMs: TIMEOUT_MS, drainTimeoutAction: action, installed: false });
  const env = { apiserver: { DRAIN_TIMEOUT_ACTION: permitted } };
  fleet.cluster.apply(
    installObjects({ image: 'brupop', certificates: 'provided', env }).filter(({ kind }) => kind !== 'CustomResourceDefinition'),
  );
  for (const { metadata } of fleet.cluster.store.list('PodDisruptionBudget')) {
    if (metadata.namespace === DEFAULT_NAMESPACE) continue;
    fleet.cluster.store.patch('PodDisruptionBudget', metadata, { spec: { maxUnavailable: 0, minAvailable: null } });
  }
  return fleet;
}

const done = (fleet: Fleet): string[] => fleet.names.filter((name) => fleet.isDone(name));
const drainOf = (fleet: Fleet, name: string): string | undefined =>
  fleet.shadow(name)?.status?.conditions?.find(({ type }) => type === 'Drained')?.message;
const blocked = (fleet: Fleet): string | undefined =>
  fleet.names.find((name) => fleet.shadow(name)?.status?.conditions?.some(({ reason }) => reason === 'DrainBlocked'));

// The permissions are those of the manifest, and the simulated API enforces them.
describe('after the timeout of a drain that a budget blocks', () => {
  test('force deletes the blocked pods, and the fleet is updated', async () => {
    const fleet = aBlockedFleet('force');
    expect(await fleet.rollOut(3 * 60 * MINUTE)).toBe(true);
    expect(fleet.log.entries.filter(({ message }) => message === 'Deleting pod past the drain timeout').length).toBeGreaterThan(0);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.crash_count)).toEqual([0, 0, 0]);
  });

  test('force without the permission reports which one is missing, and reboots nothing', async () => {
    const fleet = aBlockedFleet('force', 'skip');
    const refused = (): boolean => drainOf(fleet, blocked(fleet) ?? '')?.includes('refuses the eviction') === true;
    expect(await fleet.until(refused, 60 * MINUTE)).toBe(true);
    const node = blocked(fleet) ?? '';
    expect(fleet.shadow(node)?.status?.progress).toMatchObject({ step: 'Draining', reason: 'EvictionRefused' });
    expect(drainOf(fleet, node)).toMatch(
      /^The API server refuses the eviction of pod default\/\S+: pods "\S+" is forbidden: User "\S+" cannot delete resource "pods"/,
    );
    expect(done(fleet)).toEqual([]);
  });

  test('wait continues, names the budget, and finishes once it allows the eviction', async () => {
    const fleet = aBlockedFleet('wait');
    expect(await fleet.until(() => blocked(fleet) !== undefined, 30 * MINUTE)).toBe(true);
    const node = blocked(fleet) ?? '';
    await fleet.until(() => false, 3 * TIMEOUT_MS);
    expect([blocked(fleet), drainOf(fleet, node)]).toEqual([
      node,
      expect.stringMatching(/^PodDisruptionBudget default\/\w+ allows no disruption/),
    ]);
    for (const { metadata } of fleet.cluster.store.list('PodDisruptionBudget'))
      fleet.cluster.store.patch('PodDisruptionBudget', metadata, { spec: { maxUnavailable: 1, minAvailable: null } });
    expect(await fleet.until(() => fleet.isDone(node), 30 * MINUTE)).toBe(true);
    expect(fleet.shadow(node)?.status?.crash_count).toBe(0);
  });

  test('skip restores the node, and it backs off', async () => {
    const fleet = aBlockedFleet('skip');
    const failed = (): string | undefined => fleet.names.find((name) => (fleet.shadow(name)?.status?.crash_count ?? 0) > 0);
    expect(await fleet.until(() => failed() !== undefined, 60 * MINUTE)).toBe(true);
    const node = failed() ?? '';
    await fleet.until(() => fleet.shadow(node)?.status?.current_state === 'Idle', 10 * MINUTE);
    expect(fleet.cluster.nodes.find(({ metadata }) => metadata.name === node)?.spec?.unschedulable).not.toBe(true);
    expect(fleet.log.entries.filter(({ message }) => message === 'Deleting pod past the drain timeout')).toEqual([]);
  });
});
