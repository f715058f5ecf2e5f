import {
  AGENT_COMPONENT,
  CONTROLLER_DEPLOYMENT,
  CORDONED_ANNOTATION,
  DEFAULT_NAMESPACE,
  GROUP,
  PLURAL,
  shadowName,
} from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NODE = 'node-1';
const LAG_MS = 140_000;

/** From now on every apiserver receives changes of shadows late. */
function lag({ api }: Fleet, ms: number): void {
  api.faults.watchDelay = ({ username }, { resource }) => (resource === PLURAL && username.includes('apiserver') ? ms : 0);
}

/**
 * A fleet with a node whose permission to reboot, which reaches the apiservers after {@link LAG_MS}, is revoked before. The controller is
 * down, so that it does not permit the reboot again.
 */
async function restoredFleet(): Promise<{ readonly fleet: Fleet; readonly disturbances: Set<string> }> {
  const fleet = aFleet({ nodes: 1, webReplicas: 0 });
  const disturbances = new Set<string>();
  fleet.onChange(() => {
    if (fleet.nodeObject(NODE)?.metadata.annotations?.[CORDONED_ANNOTATION] !== undefined) disturbances.add('cordoned');
  });
  fleet.runner.onHostRequest = (_node, { path }) => {
    if (path === '/actions/reboot') disturbances.add('rebooted');
  };
  const isPermitted = (): boolean => fleet.shadow(NODE)?.spec.state === 'RebootedIntoUpdate';
  const begin = (): void => {
    lag(fleet, LAG_MS);
  };
  expect(await fleet.until(() => fleet.shadow(NODE)?.spec.state === 'StagedAndPerformedUpdate', HOUR)).toBe(true);
  expect(await fleet.at(isPermitted, begin, HOUR)).toBe(true);
  await fleet.rest(LAG_MS / 2);
  fleet.cluster.store.patch('Deployment', { namespace: DEFAULT_NAMESPACE, name: CONTROLLER_DEPLOYMENT }, { spec: { replicas: 0 } });
  await fleet.rest(LAG_MS / 4);
  fleet.api.store.patch(
    { group: GROUP, resource: PLURAL, namespace: DEFAULT_NAMESPACE, name: shadowName(NODE) },
    { spec: { state: 'Idle', version: null, state_transition_timestamp: null } },
  );
  return { fleet, disturbances };
}

describe('a node whose permission to reboot is revoked', () => {
  test('is not disturbed by an agent that learns of the permission late', async () => {
    const { fleet, disturbances } = await restoredFleet();
    await fleet.rest(20 * MINUTE);
    expect([...disturbances]).toEqual([]);
    expect(fleet.shadow(NODE)?.status?.progress ?? null).toBeNull();
  });

  test('is not disturbed by an agent that starts when only the permission has reached the caches', async () => {
    const { fleet, disturbances } = await restoredFleet();
    fleet.kill(fleet.running(AGENT_COMPONENT));
    await fleet.rest(20 * MINUTE);
    expect([...disturbances]).toEqual([]);
  });
});

describe('a rollout while one replica of the apiserver receives every change two minutes late', () => {
  test('ends with every node updated, and with one reboot of each', async () => {
    const fleet = aFleet({ nodes: 3 });
    expect(await fleet.until(() => fleet.hasReported(), HOUR)).toBe(true);
    const [slow = ''] = fleet.running('apiserver');
    fleet.api.faults.watchDelay = ({ extra }) =>
      extra?.['authentication.kubernetes.io/pod-name']?.includes(slow) === true ? 2 * MINUTE : 0;
    expect(await fleet.rollOut(6 * HOUR)).toBe(true);
    expect(fleet.names.map((name) => fleet.boots(name))).toEqual([1, 1, 1]);
  });
});
