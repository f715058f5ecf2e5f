import { APISERVER_COMPONENT, APISERVER_DEPLOYMENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { parseWindow } from '@brupop/state-machine';
import type { UpdateWindow } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { allNodes, aNodeEnd, nodeEnds } from '../fleet/node-end.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function windowOf(variables: Parameters<typeof parseWindow>[0]): UpdateWindow {
  const parsed = parseWindow(variables);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.window;
}

/** Waits until this long after the midnight at which the virtual clock starts. */
const at = (fleet: Fleet, sinceMidnight: number): Promise<boolean> =>
  fleet.until(() => fleet.clock.monotonic() >= sinceMidnight, 24 * HOUR);
const step = (fleet: Fleet, node: string): string | undefined => fleet.shadow(node)?.status?.progress?.step;
const draining = (fleet: Fleet): string | undefined => fleet.names.find((name) => step(fleet, name) === 'Draining');
const done = (fleet: Fleet): string[] => fleet.names.filter((name) => fleet.isDone(name));

describe('a trigger', () => {
  const window = windowOf({ SCHEDULER_CRON_EXPRESSION: '0 20 0,4 * * * *' });

  test('a node that loses power in the update that the trigger began finishes when it returns, and the others wait for the next trigger', async () => {
    const fleet = aFleet({ nodes: 4, webReplicas: 0, policy: { window } });
    await at(fleet, 20 * MINUTE);
    expect(await fleet.until(() => draining(fleet) !== undefined, 10 * MINUTE)).toBe(true);
    const lost = draining(fleet) ?? '';
    fleet.cluster.powerOff(lost);
    await at(fleet, 2 * HOUR);
    expect(done(fleet)).toEqual([]);
    fleet.cluster.powerOn(lost);
    await at(fleet, 4 * HOUR + 20 * MINUTE);
    expect(done(fleet)).toEqual([lost]);
    expect(fleet.boots()).toBe(fleet.boots(lost));
    await at(fleet, 5 * HOUR);
    expect(nodeEnds(fleet)).toEqual({ ...allNodes(fleet), [lost]: aNodeEnd({ boots: fleet.boots(lost) }) });
  });
});

describe('a window that closes', () => {
  const window = windowOf({ SCHEDULER_CRON_EXPRESSION: '* 20-34 0,3 * * * *' });

  test('ends a permission that no agent has used: no drain begins after it, although the agents were Ready all the time', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0, policy: { window } });
    const replicas = (count: number): void => {
      const place = { namespace: DEFAULT_NAMESPACE, name: APISERVER_DEPLOYMENT };
      fleet.cluster.store.patch('Deployment', place, { spec: { replicas: count } });
    };
    const allowed = (): boolean => fleet.names.some((name) => fleet.shadow(name)?.spec.state === 'RebootedIntoUpdate');
    await at(fleet, 20 * MINUTE);
    const cutOff = (): void => {
      replicas(0);
      fleet.kill(fleet.running(APISERVER_COMPONENT));
    };
    expect(await fleet.at(allowed, cutOff, 10 * MINUTE)).toBe(true);
    await at(fleet, 55 * MINUTE);
    replicas(3);
    await at(fleet, 3 * HOUR + 20 * MINUTE);
    expect([fleet.cluster.evictions, fleet.boots(), fleet.names.filter((name) => fleet.node(name).cordoned)]).toEqual([[], 0, []]);
    await at(fleet, 4 * HOUR);
    expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
  });
});
