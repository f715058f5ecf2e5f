import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_COMPONENT, APISERVER_COMPONENT } from '@brupop/crd-models';
import { afterEach, describe, expect, test } from '@jest/globals';
import { aSimulation, closeSimulations, NEW, OLD } from './a-simulation.ts';
import type { SimulationUnderTest } from './a-simulation.ts';

const START_MS = 30_000;
const ROLLOUT_MS = 90_000;

afterEach(closeSimulations);

/** What a node came to: tells more than a timeout. */
function endOf({ shadow }: SimulationUnderTest, name: string): object {
  const { spec, status } = shadow(name) ?? {};
  const { current_state, current_version, crash_count } = status ?? {};
  return { name, state: spec?.state, current_state, current_version, crash_count };
}
const idleOn = (version: string, name: string): object => ({
  name,
  state: 'Idle',
  current_state: 'Idle',
  current_version: version,
  crash_count: 0,
});
const boots = ({ cluster }: SimulationUnderTest): string[] =>
  cluster.events
    .filter(({ type }) => type === 'host-booted')
    .map(({ subject }) => subject)
    .sort();

describe('the bundles as processes', () => {
  test('update two nodes at a time without one error', async () => {
    const simulation = await aSimulation({ nodes: 3, env: { controller: { MAX_CONCURRENT_UPDATE: '2' } } });
    const { podsOf, directory, lines, cluster, isDone } = simulation;
    // A node to spare, that stays: else the disruption budgets of what runs there, rightly, hold up both drains.
    cluster.host('node-3').versionLock = OLD;
    const isComplete = (): boolean => podsOf(AGENT_COMPONENT).length === 3 && podsOf(APISERVER_COMPONENT).length === 3;
    expect(await simulation.until(isComplete, START_MS)).toBe(true);

    await simulation.until(() => isDone('node-1') && isDone('node-2'), ROLLOUT_MS);

    expect(endOf(simulation, 'node-1')).toEqual(idleOn(NEW, 'node-1'));
    expect(endOf(simulation, 'node-2')).toEqual(idleOn(NEW, 'node-2'));
    expect(endOf(simulation, 'node-3')).toEqual(idleOn(OLD, 'node-3'));
    expect(boots(simulation)).toEqual(['node-1', 'node-2']);
    // Each host is served on a socket of its own, so that only its own agent can have updated it.
    const sockets = (await readdir(join(directory, 's'))).sort();
    expect(sockets).toEqual(['node-1.sock', 'node-2.sock', 'node-3.sock']);
    expect(await Promise.all(sockets.map(async (socket) => (await stat(join(directory, 's', socket))).isSocket()))).not.toContain(false);
    // Not vacuously: the processes have logged, as JSON.
    expect(lines.filter(({ text }) => text.includes('"level":"INFO"')).length).toBeGreaterThan(10);
    expect(lines.filter(({ text }) => text.includes('"level":"ERROR"'))).toEqual([]);
  });

  test('finish a drain in which every apiserver is killed', async () => {
    const simulation = await aSimulation();
    const { cluster, namespace, podsOf, isDone } = simulation;
    const drained = (): string =>
      cluster.drainStatistics().evicted > 0 ? (cluster.nodes.find(({ spec }) => spec?.unschedulable === true)?.metadata.name ?? '') : '';
    expect(await simulation.until(() => drained() !== '', START_MS)).toBe(true);
    const name = drained();

    for (const { metadata } of podsOf(APISERVER_COMPONENT)) cluster.killPod({ namespace, name: metadata.name });
    await simulation.until(() => isDone(name), ROLLOUT_MS);

    expect(cluster.events.filter(({ type }) => type === 'pod-killed').length).toBeGreaterThanOrEqual(3);
    expect(endOf(simulation, name)).toEqual(idleOn(NEW, name));
    // The drain went on where it was: nothing was rebooted twice, or instead.
    expect(boots(simulation)).toEqual([name]);
  });
});
