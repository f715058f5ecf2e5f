import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_COMPONENT, APISERVER_COMPONENT } from '@brupop/crd-models';
import { afterEach, describe, expect, test } from '@jest/globals';
import { aSimulation, closeSimulations, NEW } from './a-simulation.ts';
import type { SimulationUnderTest } from './a-simulation.ts';

const START_MS = 30_000;
const ROLLOUT_MS = 90_000;

afterEach(closeSimulations);

const names = ({ cluster }: SimulationUnderTest): string[] => cluster.nodes.map(({ metadata }) => metadata.name);
const isDone = (simulation: SimulationUnderTest): boolean =>
  names(simulation).length === 2 && names(simulation).every((name) => simulation.isDone(name));
/** What each node came to: tells more than a timeout. */
const ends = (simulation: SimulationUnderTest): object[] =>
  names(simulation).map((name) => {
    const { spec, status } = simulation.shadow(name) ?? {};
    const { current_state, current_version, crash_count } = status ?? {};
    return { name, state: spec?.state, current_state, current_version, crash_count };
  });
const end = (name: string): object => ({ name, state: 'Idle', current_state: 'Idle', current_version: NEW, crash_count: 0 });

describe('the bundles as processes', () => {
  test('update two nodes at a time without one error', async () => {
    const simulation = await aSimulation({ env: { controller: { MAX_CONCURRENT_UPDATE: '2' } } });
    const { podsOf, directory, lines, cluster } = simulation;
    expect(await simulation.until(() => podsOf(AGENT_COMPONENT).length === 2 && podsOf(APISERVER_COMPONENT).length === 3, START_MS)).toBe(
      true,
    );

    await simulation.until(() => isDone(simulation), ROLLOUT_MS);

    expect(ends(simulation)).toEqual([end('node-1'), end('node-2')]);
    expect(cluster.events.filter(({ type }) => type === 'host-booted')).toHaveLength(2);
    // Each host is served on a socket of its own, so that only its own agent can have updated it.
    const sockets = await readdir(join(directory, 's'));
    expect(sockets.sort()).toEqual(['node-1.sock', 'node-2.sock']);
    expect(await Promise.all(sockets.map(async (socket) => (await stat(join(directory, 's', socket))).isSocket()))).toEqual([true, true]);
    // Not vacuously: every process has logged, as JSON.
    expect(lines.filter(({ text }) => /"level":"INFO"/i.test(text)).length).toBeGreaterThan(5);
    expect(lines.filter(({ text }) => /"level":"ERROR"/i.test(text))).toEqual([]);
  });

  test('finish a drain in which every apiserver is killed', async () => {
    const simulation = await aSimulation();
    const { cluster, namespace, podsOf } = simulation;
    const inDrain = (): boolean => cluster.drainStatistics().evicted > 0 && cluster.nodes.some(({ spec }) => spec?.unschedulable === true);
    expect(await simulation.until(inDrain, START_MS)).toBe(true);

    for (const { metadata } of podsOf(APISERVER_COMPONENT)) cluster.killPod({ namespace, name: metadata.name });
    await simulation.until(() => isDone(simulation), ROLLOUT_MS);

    expect(cluster.events.filter(({ type }) => type === 'pod-killed').length).toBeGreaterThanOrEqual(2);
    expect(ends(simulation)).toEqual([end('node-1'), end('node-2')]);
    // The drain went on where it was: nothing was rebooted twice.
    expect(cluster.events.filter(({ type }) => type === 'host-booted')).toHaveLength(2);
  });
});
