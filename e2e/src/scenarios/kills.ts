import { AGENT_COMPONENT, CONTROLLER_COMPONENT } from '@brupop/crd-models';
import type { ShadowStatus } from '@brupop/crd-models';
import { seededRandom } from '@brupop/ports';
import { faultNamed } from '@brupop/simulator';
import { expect } from '@jest/globals';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import type { ObservedFleet } from '../fleet/observed-fleet.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** Scenarios in which a process dies, or loses its lease. */
export const KILL_SCENARIOS: readonly Scenario[] = [
  {
    name: 'an agent that is killed after every step updates its node, and drains nothing twice',
    fleet: { nodes: 2 },
    play: async (fleet) => {
      // The other node takes the pods, and is not updated.
      fleet.cluster.host('node-2').versionLock = OLD;
      const agent = (): string[] => fleet.running(AGENT_COMPONENT, 'node-1');
      const pending = new Map(Object.entries(agentSteps(fleet, 'node-1')));
      const stop = fleet.onChange(() => {
        const [step] = [...pending].find(([, isTaken]) => isTaken()) ?? [];
        if (step === undefined || agent().length === 0) return;
        pending.delete(step);
        fleet.kill(agent());
      });
      await fleet.until(() => pending.size === 0 && fleet.isDone('node-1'), STAGE_MS);
      stop();
      expect([...pending.keys()]).toEqual([]);
      expect(nodeEnds(fleet)).toEqual({ 'node-1': aNodeEnd(), 'node-2': aNodeEnd({ version: OLD, boots: 0 }) });
      const evicted = fleet.cluster.evictions.filter(({ status }) => status === 201).map(({ name }) => name);
      expect(evicted).toEqual([...new Set(evicted)]);
    },
  },
  {
    name: 'a controller that is killed, and then loses its lease, with updates in flight respects the limit',
    fleet: { nodes: 5 },
    env: () => ({ controller: { MAX_CONCURRENT_UPDATE: '2' } }),
    play: async (fleet) => {
      const bothUnderWay = (): boolean => fleet.updating.length === 2;
      expect(
        await fleet.at(
          bothUnderWay,
          () => {
            fleet.kill(fleet.running(CONTROLLER_COMPONENT));
          },
          STAGE_MS,
        ),
      ).toBe(true);
      const next = (): boolean => bothUnderWay() && fleet.running(CONTROLLER_COMPONENT).length > 0 && fleet.boots() >= 2;
      const loseLease = (): void => {
        faultNamed('leadership-lost').apply(fleet.cluster, { random: seededRandom(1) });
      };
      expect(await fleet.at(next, loseLease, STAGE_MS)).toBe(true);
      await fleet.rollOut(STAGE_MS);
      expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
      expect(fleet.mostUpdating).toBe(2);
      expect(fleet.mostUnavailable).toBeLessThanOrEqual(2);
    },
  },
];

/** The steps of an update, and whether each has been taken. */
function agentSteps(fleet: ObservedFleet, node: string): Record<string, () => boolean> {
  const status = (): ShadowStatus | undefined => fleet.shadow(node)?.status ?? undefined;
  const happened = (type: string, message?: string) => (): boolean =>
    fleet.cluster.events.some(
      (event) => event.type === type && event.subject === node && (message === undefined || event.message === message),
    );
  const isBack = (): boolean => fleet.boots(node) > 0 && status()?.current_version === NEW;
  return {
    'makes the shadow': () => fleet.shadow(node) !== undefined,
    refreshes: happened('host-command', 'refresh'),
    reports: () => status()?.target_version === NEW,
    downloads: happened('host-command', 'prepare'),
    activates: happened('host-command', 'activate'),
    'reports that it has staged': () => status()?.current_state === 'StagedAndPerformedUpdate',
    'records that it drains': () => status()?.progress?.step === 'Draining',
    'has the node cordoned': () => fleet.node(node).cordoned,
    'records that it reboots': () => status()?.progress?.step === 'Rebooting',
    reboots: happened('host-shutting-down'),
    'records that it returns': () => status()?.progress?.step === 'Returning',
    'has the node uncordoned': () => isBack() && !fleet.node(node).cordoned,
    'reports that it is rebooted': () => isBack() && status()?.current_state === 'RebootedIntoUpdate',
    'reports that it is healthy': () => status()?.current_state === 'MonitoringUpdate',
    'reports that it is idle': () => isBack() && status()?.current_state === 'Idle',
  };
}
