import { CONTROLLER_DEPLOYMENT, DEFAULT_NAMESPACE, GROUP, PLURAL, shadowName, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import { UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NODE = 'node-1';

const failures = (fleet: Fleet): number => fleet.shadow(NODE)?.status?.crash_count ?? 0;
const patchNode = (fleet: Fleet, patch: object): void => {
  fleet.cluster.store.patch('Node', { name: NODE }, patch);
};
const label = (fleet: Fleet, value: string | null): void => {
  patchNode(fleet, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: value } } });
};
const deleteShadow = ({ api }: Fleet): Promise<void> => {
  api.store.delete({ group: GROUP, resource: PLURAL, namespace: DEFAULT_NAMESPACE, name: shadowName(NODE) });
  return Promise.resolve();
};
const relabel = async (fleet: Fleet): Promise<void> => {
  label(fleet, null);
  expect(await fleet.until(() => fleet.shadow(NODE) === undefined, MINUTE)).toBe(true);
  label(fleet, UPDATER_INTERFACE_VERSION);
};
const scaleController = (fleet: Fleet, replicas: number): void => {
  fleet.cluster.store.patch('Deployment', { namespace: DEFAULT_NAMESPACE, name: CONTROLLER_DEPLOYMENT }, { spec: { replicas } });
};

/** A fleet of one node that has failed four times: it backs off for 16 minutes. */
async function backingOff(): Promise<Fleet> {
  const fleet = aFleet({ nodes: 1, webReplicas: 0 });
  fleet.cluster.host(NODE).faults.bootFails('always');
  expect(await fleet.until(() => failures(fleet) === 4, 24 * HOUR)).toBe(true);
  expect(await fleet.until(() => fleet.shadow(NODE)?.status?.current_state === 'Idle' && !fleet.node(NODE).cordoned, HOUR)).toBe(true);
  fleet.cluster.host(NODE).faults.clear();
  return fleet;
}

describe('what docs/operations.md says about retrying and pausing:', () => {
  test.each([
    { name: 'a node whose shadow is deleted', act: deleteShadow },
    { name: 'a node that is relabelled', act: relabel },
  ])('$name is retried without its backoff', async ({ act }) => {
    const fleet = await backingOff();
    await act(fleet);
    expect(await fleet.until(() => fleet.isDone(NODE), 10 * MINUTE)).toBe(true);
    expect(failures(fleet)).toBe(0);
  });

  test.each([
    {
      name: 'a cordoned node',
      pause: (fleet: Fleet) => {
        patchNode(fleet, { spec: { unschedulable: true } });
      },
      resume: (fleet: Fleet) => {
        patchNode(fleet, { spec: { unschedulable: null } });
      },
    },
    {
      name: 'a fleet whose controller is scaled to 0',
      pause: (fleet: Fleet) => {
        scaleController(fleet, 0);
      },
      resume: (fleet: Fleet) => {
        scaleController(fleet, 1);
      },
    },
  ])('$name is not updated until it is resumed', async ({ pause, resume }) => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    pause(fleet);
    await fleet.rest(HOUR);
    expect([fleet.boots(), fleet.cluster.evictions, fleet.isDone(NODE)]).toEqual([0, [], false]);
    resume(fleet);
    expect(await fleet.rollOut(HOUR)).toBe(true);
  });
});
