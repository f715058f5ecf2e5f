import { expect } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const NODES = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'node-6', 'node-7'] as const;
const BUSY_MS = 4000;
/** The time in which something that must not happen is given a chance to happen. */
const QUIET_MS = 2000;

/** Scenarios in which single hosts have problems, or an administrator changes them. */
export const HOST_SCENARIOS: readonly Scenario[] = [
  {
    name: 'hosts with problems are updated as far as possible, and delay no other; changes by an administrator stay',
    fleet: { nodes: 8, webReplicas: 0 },
    env: () => ({ controller: { MAX_CONCURRENT_UPDATE: '3' }, agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '1' } }),
    play: async (fleet) => {
      const { cluster } = fleet;
      const [failsDownload, isBusy, bootsOld, isDead, isCordoned, isExcluded, isCordonedLate] = NODES;
      const cordon = (name: string, unschedulable: boolean | null): void => {
        cluster.store.patch('Node', { name }, { spec: { unschedulable } });
      };
      const hasState = (name: string, state: string) => (): boolean => fleet.shadow(name)?.spec.state === state;
      cluster.repository.available.splice(cluster.repository.available.indexOf(NEW), 1);
      expect(await fleet.until(() => fleet.hasReported(), STAGE_MS)).toBe(true);

      cluster.host(failsDownload).faults.downloadFails(1);
      const keepBusy = fleet.at(
        hasState(isBusy, 'StagedAndPerformedUpdate'),
        () => {
          cluster.host(isBusy).faults.busy(BUSY_MS);
        },
        STAGE_MS,
      );
      cluster.host(bootsOld).faults.bootFails(1);
      // The update is known and could start at any moment, but the host is dead; the cordon prevents it until that is known.
      cordon(isDead, true);
      const knows = (): boolean => fleet.shadow(isDead)?.status?.target_version === NEW;
      const kill = fleet.at(
        knows,
        () => {
          cluster.powerOff(isDead);
        },
        STAGE_MS,
      );
      cordon(isCordoned, true);
      cluster.store.patch('Node', { name: isExcluded }, { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'administrator' } } });
      const cordonLate = fleet.at(
        hasState(isCordonedLate, 'RebootedIntoUpdate'),
        () => {
          cordon(isCordonedLate, true);
        },
        STAGE_MS,
      );
      cluster.repository.available.push(NEW);
      expect(await Promise.all([keepBusy, kill, cordonLate])).toEqual([true, true, true]);
      expect(await fleet.until(() => !fleet.node(isDead).ready, STAGE_MS)).toBe(true);
      cordon(isDead, null);

      const isLeftAlone = (node: string): boolean => node === isDead || node === isCordoned;
      const isIdle = (node: string): boolean =>
        fleet.shadow(node)?.spec.state === 'Idle' && fleet.shadow(node)?.status?.current_state === 'Idle';
      const isRolledBack = (): boolean => isIdle(bootsOld) && fleet.shadow(bootsOld)?.status?.crash_count === 1;
      const isCordonedAndDone = (): boolean => isIdle(isCordonedLate) && fleet.shadow(isCordonedLate)?.status?.current_version === NEW;
      const isSettled = (node: string): boolean =>
        node === bootsOld ? isRolledBack() : node === isCordonedLate ? isCordonedAndDone() : isLeftAlone(node) || fleet.isDone(node);
      await fleet.until(() => fleet.names.every(isSettled), STAGE_MS);
      await fleet.rest(QUIET_MS);

      expect(nodeEnds(fleet)).toEqual({
        ...allNodes(fleet),
        // Not drained again for a version that has just failed to boot.
        [bootsOld]: aNodeEnd({ version: OLD, boots: 1, failures: 1 }),
        [isDead]: aNodeEnd({ version: OLD, boots: 0, ready: false }),
        [isCordoned]: aNodeEnd({ version: OLD, boots: 0, cordoned: true }),
        [isCordonedLate]: aNodeEnd({ cordoned: true }),
      });
      expect(fleet.shadow(bootsOld)?.status?.failed_versions).toMatchObject([{ version: NEW, failures: 1 }]);
      const excluded = fleet.names.filter((name) => fleet.nodeObject(name)?.metadata.labels?.[EXCLUDE_FROM_LB_LABEL] !== undefined);
      expect(excluded).toEqual([isExcluded]);
      const prepared = cluster.events.filter(
        ({ type, subject, message }) => type === 'host-command' && subject === failsDownload && message === 'prepare',
      );
      expect(prepared).toHaveLength(2);
    },
  },
];
