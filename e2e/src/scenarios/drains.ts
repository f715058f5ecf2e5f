import { APISERVER_COMPONENT, APISERVER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { expect } from '@jest/globals';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import { OLD } from '../fleet/versions.ts';
import type { ObservedFleet } from '../fleet/observed-fleet.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** The time in which something that must not happen is given a chance to happen. */
const QUIET_MS = 2000;

/** Scenarios in which a PodDisruptionBudget or a kill disturbs a drain. */
export const DRAIN_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a PodDisruptionBudget that blocks for a while only delays the drain',
    fleet: { nodes: 2 },
    play: async (fleet) => {
      await blockDrain(fleet);
      await fleet.rest(QUIET_MS);
      expect(fleet.boots()).toBe(0);
      fleet.setBudget('web', 1);
      await fleet.rollOut(STAGE_MS);
      expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
    },
  },
  {
    name: 'if a PodDisruptionBudget blocks permanently, the node is restored after the drain timeout, and the others are updated',
    fleet: { nodes: 3, webReplicas: 1 },
    env: () => ({ apiserver: { DRAIN_TIMEOUT_SECONDS: '20' } }),
    play: async (fleet) => {
      fleet.setBudget('web', 0);
      const stuck = (): string => fleet.cluster.pods('default', { app: 'web' })[0]?.spec.nodeName ?? '';
      const isSettled = (node: string): boolean =>
        node === stuck()
          ? fleet.shadow(node)?.status?.crash_count === 1 && fleet.shadow(node)?.status?.current_state === 'Idle'
          : fleet.isDone(node);
      await fleet.until(() => stuck() !== '' && fleet.names.every(isSettled), STAGE_MS);
      const expected = { ...allNodes(fleet), [stuck()]: aNodeEnd({ version: OLD, boots: 0, failures: 1 }) };
      expect(nodeEnds(fleet)).toEqual(expected);
      // The status names the budget, and a later reboot of the host, whatever its cause, does not change that.
      expect(fleet.shadow(stuck())?.status?.failure_message).toContain('web');
      expect(fleet.cluster.host(stuck()).updateStatus?.state).not.toBe('Ready');
    },
  },
  {
    name: 'a drain in which every apiserver replica is killed in turn, and then all at once, resumes',
    fleet: { nodes: 2 },
    play: async (fleet) => {
      const replicas = (): string[] => fleet.cluster.endpoints(DEFAULT_NAMESPACE, APISERVER_SERVICE);
      const complete = (): Promise<boolean> => fleet.until(() => replicas().length === 3, STAGE_MS);
      await blockDrain(fleet);
      expect(await complete()).toBe(true);
      for (const name of replicas()) {
        fleet.kill([name]);
        expect(await complete()).toBe(true);
      }
      fleet.kill(fleet.running(APISERVER_COMPONENT));
      await fleet.rest(QUIET_MS);
      fleet.setBudget('web', 1);
      await fleet.rollOut(STAGE_MS);
      expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
    },
  },
];

/** Makes the budget of `web` block a drain. */
async function blockDrain(fleet: ObservedFleet): Promise<void> {
  fleet.setBudget('web', 0);
  expect(await fleet.until(() => fleet.cluster.drainStatistics().blocked > 0, STAGE_MS)).toBe(true);
}
