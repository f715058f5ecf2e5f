import { AGENT_COMPONENT, APISERVER_COMPONENT, CONTROLLER_COMPONENT } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const HOUR = 3_600_000;
describe('a kill', () => {
  // One kill at each of these moments of a node's update.
  const moments: { name: string; when: (fleet: Fleet) => boolean }[] = [
    { name: 'once the update is noticed', when: (fleet) => fleet.updating.length > 0 },
    {
      name: 'during the download',
      when: (fleet) => fleet.cluster.host('node-1').updateStatus?.state === 'Available' && fleet.updating.length > 0,
    },
    { name: 'once it is staged', when: (fleet) => fleet.shadow('node-1')?.status?.current_state === 'StagedAndPerformedUpdate' },
    { name: 'when the reboot is allowed', when: (fleet) => fleet.shadow('node-1')?.spec.state === 'RebootedIntoUpdate' },
    { name: 'once it is cordoned', when: (fleet) => fleet.node('node-1').cordoned },
    { name: 'after the first eviction', when: (fleet) => fleet.cluster.drainStatistics().evicted > 0 },
    { name: 'when it is about to reboot', when: (fleet) => fleet.shadow('node-1')?.status?.progress?.step === 'Rebooting' },
    { name: 'after the reboot', when: (fleet) => fleet.boots() > 0 && fleet.shadow('node-1')?.status?.current_state !== 'Idle' },
    { name: 'when it comes back into service', when: (fleet) => fleet.shadow('node-1')?.status?.progress?.step === 'Returning' },
    { name: 'while it is monitored', when: (fleet) => fleet.shadow('node-1')?.spec.state === 'MonitoringUpdate' },
  ];
  for (const component of [AGENT_COMPONENT, APISERVER_COMPONENT, CONTROLLER_COMPONENT]) {
    test.each(moments)(`of every ${component} $name loses nothing and drains nothing twice`, async ({ when }) => {
      const fleet = aFleet({ nodes: 1, webReplicas: 0 });
      expect(await fleet.until(() => when(fleet), HOUR)).toBe(true);
      fleet.kill(fleet.running(component));
      expect(await fleet.rollOut(6 * HOUR)).toBe(true);
      expect(fleet.boots()).toBe(1);
      expect(fleet.shadow('node-1')?.status?.crash_count).toBe(0);
    });
  }

  test('of the controller with updates in flight keeps the limit', async () => {
    const fleet = aFleet({ nodes: 8, policy: { maxConcurrentUpdates: 2 } });
    for (let round = 0; round < 5; round++) {
      await fleet.until(() => fleet.updating.length === 2, HOUR);
      fleet.kill(fleet.running(CONTROLLER_COMPONENT));
      await fleet.rest(20_000);
    }
    expect(await fleet.rollOut()).toBe(true);
    expect(fleet.mostUnavailable).toBeLessThanOrEqual(2);
  });
});
