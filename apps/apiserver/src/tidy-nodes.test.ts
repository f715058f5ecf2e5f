import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CORDONED_TAINT, UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { textResponse } from '@brupop/ports';
import { ApiserverWorld } from './testing/apiserver-world.ts';

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

const OTHER = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
const OURS = { key: CORDONED_TAINT, effect: 'PreferNoSchedule' };
const taints = (): unknown[] => (world.node()['spec'] as { taints?: unknown[] }).taints ?? [];
const isTainted = (): boolean => JSON.stringify(taints()).includes(CORDONED_TAINT);
const manage = (value: string | null): void => {
  for (const name of ['node-1', 'node-2'])
    world.api.store.patch({ group: '', resource: 'nodes', name }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: value } } });
};
const cordon = (unschedulable: boolean | null): void => {
  world.patchNode({ spec: { unschedulable } });
};

describe('a node that an administrator has cordoned', () => {
  test('is tainted before a drain gets far, and loses the taint with its cordon', async () => {
    manage(UPDATER_INTERFACE_VERSION);
    world.patchNode({ spec: { taints: [OTHER] } });
    cordon(true);
    expect(await world.clock.advanceUntil(isTainted, 100)).toBe(true);
    expect(taints()).toEqual([OTHER, OURS]);
    cordon(null);
    expect(await world.clock.advanceUntil(() => !isTainted(), 100)).toBe(true);
    expect(taints()).toEqual([OTHER]);
  });

  test('is tainted after the Kubernetes API has failed at first', async () => {
    manage(UPDATER_INTERFACE_VERSION);
    let failures = 3;
    world.api.faults.beforeRequest = ({ method }) => (method === 'PATCH' && failures-- > 0 ? textResponse(500, 'down') : undefined);
    cordon(true);
    expect(await world.clock.advanceUntil(isTainted, 5 * 60_000)).toBe(true);
  });

  test('is left alone where no node has the opt-in label', async () => {
    manage(null);
    cordon(true);
    expect(await world.clock.advanceUntil(isTainted, 5 * 60_000)).toBe(false);
  });

  test('loses the taint, and keeps the cordon, when the last node loses the opt-in label', async () => {
    manage(UPDATER_INTERFACE_VERSION);
    cordon(true);
    expect(await world.clock.advanceUntil(isTainted, 100)).toBe(true);
    manage(null);
    expect(await world.clock.advanceUntil(() => !isTainted(), 60_000)).toBe(true);
    expect(world.cordoned).toBe(true);
  });
});
