import { EXCLUDE_FROM_LB_LABEL } from '@brupop/crd-models';
import { expect } from '@jest/globals';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const BUSY_MS = 4000;

/** Scenarios in which single hosts are in trouble, or in the hands of somebody else. */
export const HOST_SCENARIOS: readonly Scenario[] = [
  {
    name: 'hosts in trouble are helped as far as can be, and hold up no other; what an administrator did stays done',
    fleet: { nodes: 7, webReplicas: 0 },
    env: () => ({ controller: { MAX_CONCURRENT_UPDATE: '3' }, agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '1' } }),
    play: async (fleet) => {
      const { cluster } = fleet;
      const [failsDownload, isBusy, bootsOld, isDead, isCordoned, isExcluded] = [
        'node-1',
        'node-2',
        'node-3',
        'node-4',
        'node-5',
        'node-6',
      ];
      cluster.repository.available.splice(cluster.repository.available.indexOf(NEW), 1);
      expect(await fleet.until(() => fleet.hasReported(), STAGE_MS)).toBe(true);
      cluster.host(failsDownload).faults.downloadFails(1);
      cluster.host(isBusy).faults.busy(BUSY_MS);
      cluster.host(bootsOld).faults.bootFails(1);
      cluster.powerOff(isDead);
      cluster.store.patch('Node', { name: isCordoned }, { spec: { unschedulable: true } });
      cluster.store.patch('Node', { name: isExcluded }, { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'administrator' } } });
      expect(await fleet.until(() => !fleet.node(isDead).ready, STAGE_MS)).toBe(true);
      cluster.repository.available.push(NEW);

      const isLeftAlone = (node: string): boolean => node === isDead || node === isCordoned;
      const isRolledBack = (): boolean =>
        fleet.shadow(bootsOld)?.status?.crash_count === 1 && fleet.shadow(bootsOld)?.status?.current_state === 'Idle';
      const isSettled = (node: string): boolean => (node === bootsOld ? isRolledBack() : isLeftAlone(node) || fleet.isDone(node));
      await fleet.until(() => fleet.names.every(isSettled), STAGE_MS);

      expect(nodeEnds(fleet)).toEqual({
        ...allNodes(fleet),
        // Not drained again for a version that it has just failed to boot.
        [bootsOld]: aNodeEnd({ version: OLD, boots: 1, crashes: 1 }),
        [isDead]: aNodeEnd({ version: OLD, boots: 0, ready: false }),
        [isCordoned]: aNodeEnd({ version: OLD, boots: 0, cordoned: true }),
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
