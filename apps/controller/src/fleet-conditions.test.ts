import type { ShadowState } from '@brupop/crd-models';
import { sleep } from '@brupop/ports';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import { afterEach, describe, expect, test } from '@jest/globals';
import { aCluster, start, stopAll } from './testing/a-cluster.ts';

afterEach(stopAll);

describe('the conditions of a fleet', () => {
  test('are written once for each change, with nothing else, and without a reaction to the own write', async () => {
    const cluster = aCluster(['a', 'b']);
    const writes: string[] = [];
    cluster.api.faults.beforeRequest = ({ body }, _identity, { verb, subresource }) => {
      if (verb === 'patch' && subresource === 'status')
        writes.push(Object.keys((JSON.parse(String(body)) as { status: object }).status).join());
      return undefined;
    };
    start(cluster);
    await cluster.clock.advance(60_000);
    expect(writes).toEqual(['conditions', 'conditions']);
    const conditions = (name: string): unknown =>
      Object.fromEntries(cluster.shadow(name)?.status?.conditions?.map(({ type, status }) => [type, status]) ?? []);
    expect(conditions('a')).toEqual({ Updating: 'False', Drained: 'False', Stuck: 'False', Healthy: 'True' });
    expect(conditions('b')).toEqual({ Updating: 'True', Drained: 'False', Stuck: 'False', Healthy: 'True' });
    expect(cluster.shadow('b')?.status).toMatchObject({ current_version: '1.0.0', crash_count: 0 });
  });

  test('are not written for what was true for a moment', async () => {
    const cluster = aCluster(['b']);
    let writes = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { verb, subresource }) => {
      if (verb === 'patch' && subresource === 'status') writes++;
      return undefined;
    };
    const step = async (current_state: ShadowState): Promise<void> => {
      cluster.report('b', { current_state, current_version: current_state === 'StagedAndPerformedUpdate' ? '1.0.0' : '1.1.0' });
      await cluster.clock.advance(500);
    };
    start(cluster);
    await cluster.clock.advance(500);
    for (const state of ['StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'Idle'] as const) await step(state);
    expect(writes).toBe(0);
    await cluster.clock.advance(5_000);
    expect([writes, cluster.shadow('b')?.status?.conditions?.[0]?.reason]).toEqual([1, 'UpdateCheckUnknown']);
  });

  test('of many nodes that change one after the other cause few plans', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `node-${String(at)}`);
    const cluster = aCluster(names);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    await cluster.clock.advance(30_000);
    const before = await plans();
    for (const name of names) {
      cluster.report(name, { target_version: '1.2.0' });
      await cluster.clock.advance(200);
    }
    await cluster.clock.advance(10_000);
    expect((await plans()) - before).toBeLessThan(15);
  });

  test('do not delay a step', async () => {
    const cluster = aCluster(Array.from({ length: 60 }, (_, at) => `node-${String(at)}`));
    let conditions = 0;
    cluster.api.faults.beforeRequest = async ({ body }, _identity, { verb, subresource }) => {
      if (verb !== 'patch' || subresource !== 'status' || !String(body).includes('conditions')) return undefined;
      conditions += 1;
      await sleep(cluster.clock, 100);
      return undefined;
    };
    start(cluster);
    const updating = (): string[] =>
      cluster.desired().flatMap((state, at) => (state === 'Idle' ? [] : [`node-${String(at)} ${String(state)}`]));
    expect(await cluster.clock.advanceUntil(() => conditions > 2, 60_000)).toBe(true);
    const [node = ''] = updating()[0]?.split(' ') ?? [];
    cluster.report(node, { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(250);
    expect(updating()).toEqual([`${node} RebootedIntoUpdate`]);
    await cluster.clock.advance(60_000);
    expect(conditions).toBeGreaterThanOrEqual(60);
  });

  test('and a report cause one plan: the own write, seen before or after the response, causes none', async () => {
    const cluster = aCluster(['b']);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    await cluster.clock.advance(10_000);
    const before = await plans();
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(400);
    expect([cluster.desired(), (await plans()) - before]).toEqual([['RebootedIntoUpdate'], 1]);
  });

  test('and deadlines follow a step although nothing else happens', async () => {
    const cluster = aCluster(['b']);
    start(cluster);
    await cluster.clock.advance(10_000);
    expect(cluster.shadow('b')?.status?.conditions?.[0]?.reason).toBe('UpdateInProgress');
    await cluster.clock.advance(DEFAULT_TIMEOUTS.stagedMs);
    expect(cluster.events()).toContain('brs-b GivenUp');
  });

  test('show a report with the first plan that follows it', async () => {
    const cluster = aCluster(['b']);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    const progress = {
      step: 'Draining',
      since: '2026-01-05T12:00:00Z',
      boot_id: 'b',
      version: '1.1.0',
      reason: 'DisruptionBudget',
    } as const;
    await cluster.clock.advance(5_000);
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(5_000);
    cluster.report('b', { progress: { ...progress, message: 'waiting for web-0' } });
    await cluster.clock.advance(80_000);
    const before = await plans();
    cluster.report('b', { progress: { ...progress, message: 'waiting for web-1' } });
    await cluster.clock.advance(6_000);
    const shown = cluster.shadow('b')?.status?.conditions?.find(({ type }) => type === 'Drained')?.message;
    expect([shown, (await plans()) - before]).toEqual(['waiting for web-1', 1]);
  });

  test('and Events of the node and its shadow report once which budget blocks a drain', async () => {
    const cluster = aCluster(['b']);
    start(cluster);
    await cluster.clock.advance(5_000);
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(5_000);
    const message = 'PodDisruptionBudget default/web allows no disruption of pod default/web-0';
    for (const crash_count of [0, 1]) {
      cluster.report('b', {
        crash_count,
        progress: { step: 'Draining', since: '2026-01-05T12:00:00Z', boot_id: 'b', version: '1.1.0', message, reason: 'DisruptionBudget' },
      });
      await cluster.clock.advance(50_000);
      // Not within the first minute: an ordinary drain is blocked for a moment, too.
      expect(cluster.events().filter((event) => event.endsWith('DrainBlocked'))).toHaveLength(crash_count === 0 ? 0 : 2);
    }
    const blocked = cluster.events().filter((event) => event.endsWith('DrainBlocked'));
    expect(blocked.sort()).toEqual(['b DrainBlocked', 'brs-b DrainBlocked']);
    const logged = cluster.log.entries.filter(({ level, fields }) => level === 'warn' && fields['detail'] === message);
    expect(logged).toHaveLength(1);
    expect(cluster.shadow('b')?.status?.conditions?.find(({ type }) => type === 'Drained')).toMatchObject({
      reason: 'DrainBlocked',
      message,
    });
  });
});
