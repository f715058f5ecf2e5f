import { PLURAL } from '@brupop/crd-models';
import { jsonResponse } from '@brupop/ports';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import { afterEach, describe, expect, test } from '@jest/globals';
import { aCluster, MINUTE, start, stopAll } from './testing/a-cluster.ts';
import type { Cluster } from './testing/a-cluster.ts';

afterEach(stopAll);

describe('changes of shadows that are rejected or fail', () => {
  /** Rejects changes of the spec of this node's shadow with a status; undefined: accepts them again. */
  const rejectSpec = ({ api }: Cluster, name: string, status: number | undefined): void => {
    api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) =>
      status !== undefined && resource === PLURAL && verb === 'patch' && subresource === '' && path.endsWith(`/brs-${name}`)
        ? jsonResponse(status, { kind: 'Status', code: status })
        : undefined;
  };

  test.each([
    { name: 'failed', status: 500 },
    { name: 'was rejected', status: 403 },
    { name: 'came too late', status: 409 },
  ])('a write that was to free a slot and that $name keeps the slot; nodes that need no slot continue', async ({ status }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    start(cluster, 'one', { maxConcurrentUpdates: 2 });
    await cluster.clock.advance(DEFAULT_TIMEOUTS.stagedMs - 2 * MINUTE);
    cluster.report('c', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(MINUTE);
    rejectSpec(cluster, 'b', status);
    await cluster.clock.advance(5 * MINUTE);
    cluster.report('c', { current_state: 'RebootedIntoUpdate', current_version: '1.1.0' });
    await cluster.clock.advance(1_000);
    expect(cluster.desired()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'MonitoringUpdate']);
    expect(cluster.events()).not.toContain('brs-b GivenUp');
    rejectSpec(cluster, 'b', undefined);
    await cluster.clock.advance(5 * MINUTE);
    expect(cluster.desired()).toEqual(['StagedAndPerformedUpdate', 'Idle', 'MonitoringUpdate']);
    expect(cluster.events()).toContain('brs-b GivenUp');
  });

  test('a rejected change does not stop the others, is logged, and is not retried at once', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    rejectSpec(cluster, 'b', 422);
    const { controller } = start(cluster, 'one', { maxConcurrentUpdates: 'unlimited' });
    await cluster.clock.advance(5_000);
    expect(cluster.desired()).toEqual(['StagedAndPerformedUpdate', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.log.entries.map(({ message }) => message)).toContain('Failed to update a shadow; continuing with the others');
    expect(await controller.metrics.render()).toContain('brupop_reconcile_failures_total{queue="fleet"} 0');
  });

  test.each([
    { name: 'is rejected', status: 422 },
    { name: 'fails again and again', status: 500 },
  ])('a node whose change $name does not keep the only slot from the others, and is reported', async ({ status }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    rejectSpec(cluster, 'b', status);
    start(cluster, 'one', { maxConcurrentUpdates: 1 });
    await cluster.clock.advance(MINUTE);
    expect(cluster.desired()).toEqual(['Idle', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.events()).toContain('b WriteFailing');
    rejectSpec(cluster, 'b', undefined);
    await cluster.clock.advance(MINUTE);
    cluster.report('c', { current_version: '1.1.0', current_state: 'ErrorReset' });
    await cluster.clock.advance(1_000);
    cluster.report('c', { current_state: 'Idle' });
    await cluster.clock.advance(1_000);
    expect(cluster.desired()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
  });

  test('if every change is rejected, each is retried once a minute', async () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const cluster = aCluster(nodes);
    const tried: string[] = [];
    cluster.api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) => {
      if (resource !== PLURAL || verb !== 'patch' || subresource !== '') return undefined;
      tried.push(path.slice(-1));
      return jsonResponse(403, { kind: 'Status', code: 403 });
    };
    start(cluster, 'one', { maxConcurrentUpdates: 1 });
    await cluster.clock.advance(10 * MINUTE);
    for (const node of nodes) {
      const times = tried.filter((name) => name === node).length;
      expect(times).toBeGreaterThan(1);
      expect(times).toBeLessThanOrEqual(11);
    }
  });

  test('a rejected change is retried once a minute', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    let tries = 0;
    cluster.api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) => {
      if (resource !== PLURAL || verb !== 'patch' || subresource !== '' || !path.endsWith('/brs-b')) return undefined;
      tries++;
      return jsonResponse(403, { kind: 'Status', code: 403 });
    };
    start(cluster, 'one', { maxConcurrentUpdates: 'unlimited' });
    await cluster.clock.advance(10 * MINUTE);
    expect(tries).toBeGreaterThanOrEqual(10);
    expect(tries).toBeLessThanOrEqual(15);
  });

  test('if the response to a write was lost, the shadow is read before the next plan', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    let lost = 0;
    cluster.api.faults.afterRequest = (_request, _identity, { resource, verb }, response) =>
      resource === PLURAL && verb === 'patch' && lost++ === 0 ? jsonResponse(500, {}) : response;
    const { controller } = start(cluster);
    await cluster.clock.advance(20_000);
    expect(cluster.desired().filter((state) => state !== 'Idle')).toHaveLength(1);
    expect(await controller.metrics.render()).toContain('brupop_reconcile_failures_total{queue="fleet"} 1');
    expect(cluster.log.entries.map(({ message }) => message)).toContain('Failed to update a shadow; continuing with the others');
  });
});
