import { GROUP, PLURAL, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const HOUR = 3_600_000;
const ADMIN = { metadata: { annotations: { 'example.com/owner': 'ops' }, labels: { pool: 'a' } } };

/** Everything on the nodes that an update may have left there. */
function leftOn(fleet: Fleet): string[] {
  return fleet.names.flatMap((name) => {
    const { metadata, spec } = fleet.cluster.store.get('Node', { name }) ?? {};
    const marks = [...Object.keys(metadata?.labels ?? {}), ...Object.keys(metadata?.annotations ?? {})];
    const ours = marks.filter((key) => key.includes(GROUP) || key === EXCLUDE_FROM_LB_LABEL || key === UPDATER_INTERFACE_LABEL);
    const taints = (spec?.taints ?? []).map(({ key }) => `taint ${key}`);
    return [...ours, ...taints, ...(spec?.unschedulable === true ? ['cordon'] : [])].map((mark) => `${name}: ${mark}`);
  });
}

const unlabelAll = (fleet: Fleet): void => {
  for (const name of fleet.names)
    fleet.cluster.store.patch('Node', { name }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
};

/** The number of shadows created since then. */
function countMadeShadows({ api }: Fleet): () => number {
  let made = 0;
  api.faults.afterRequest = (_request, _identity, { resource, verb }, response) => {
    if (resource === PLURAL && verb === 'create' && response.status === 201) made++;
    return response;
  };
  return () => made;
}

const isRemoved = (fleet: Fleet): boolean => fleet.names.every((name) => fleet.shadow(name) === undefined) && leftOn(fleet).length === 0;

describe('the removal of the README: a node that an administrator has cordoned', () => {
  test('keeps that cordon, and nothing of ours', async () => {
    const fleet = aFleet({ nodes: 2 });
    expect(await fleet.until(() => fleet.hasReported(), HOUR)).toBe(true);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: true } });
    await fleet.rest(60_000);
    unlabelAll(fleet);
    // The README removes the apiserver next: by then the taint must be gone.
    let left: string[] | undefined;
    const note = (): void => {
      left = leftOn(fleet);
    };
    expect(await fleet.at(() => fleet.names.every((name) => fleet.shadow(name) === undefined), note, HOUR)).toBe(true);
    expect(left).toEqual(['node-1: cordon']);
  });
});

describe('the removal of the README: unlabelled nodes, whatever was under way,', () => {
  test.each([
    { name: 'before anything began', reached: () => true },
    { name: 'while a node is staged', reached: (fleet: Fleet) => fleet.updating.length > 0 },
    {
      name: 'while a node is out of load balancers',
      reached: (fleet: Fleet) => leftOn(fleet).some((mark) => mark.includes(EXCLUDE_FROM_LB_LABEL)),
    },
    { name: 'while a node is cordoned', reached: (fleet: Fleet) => leftOn(fleet).some((mark) => mark.endsWith('cordon')) },
    { name: 'while a node reboots', reached: (fleet: Fleet) => fleet.names.some((name) => !fleet.node(name).ready) },
  ])('are left without shadow, cordon, label, taint or annotation of ours: $name', async ({ reached }) => {
    const fleet = aFleet({ nodes: 3, policy: { maxConcurrentUpdates: 2 }, agentSettings: { excludeFromLbWaitMs: 60_000 } });
    for (const name of fleet.names) fleet.cluster.store.patch('Node', { name }, ADMIN);
    expect(await fleet.until(() => fleet.hasReported(), HOUR)).toBe(true);
    expect(await fleet.until(() => reached(fleet), HOUR)).toBe(true);
    unlabelAll(fleet);
    const made = countMadeShadows(fleet);
    expect(await fleet.until(() => isRemoved(fleet), 2 * HOUR)).toBe(true);
    // And nothing returns.
    await fleet.until(() => false, HOUR / 4);
    expect(leftOn(fleet)).toEqual([]);
    expect(made()).toBe(0);
    for (const name of fleet.names) {
      expect(fleet.shadow(name)).toBeUndefined();
      expect(fleet.cluster.store.get('Node', { name })?.metadata).toMatchObject(ADMIN.metadata);
      expect(fleet.node(name)).toEqual({ ready: true, cordoned: false });
    }
  });
});
