import { AGENT_COMPONENT, COMPONENT_LABEL } from '@brupop/crd-models';
import { afterEach, describe, expect, test } from '@jest/globals';
import { aCluster, MINUTE, NAMESPACE, SHADOWS, start, stopAll } from './testing/a-cluster.ts';
import type { Cluster } from './testing/a-cluster.ts';

afterEach(stopAll);

describe('an agent that is down', () => {
  const pod = (name: string) => ({ group: '', resource: 'pods', namespace: NAMESPACE, name: `agent-${name}` });
  const setReady = ({ api }: Cluster, name: string, status: 'True' | 'False'): unknown =>
    api.store.patch(pod(name), { status: { conditions: [{ type: 'Ready', status }] } });
  const healthy = (cluster: Cluster, name: string) => cluster.shadow(name)?.status?.conditions?.find(({ type }) => type === 'Healthy');
  const reported = (cluster: Cluster): string[] =>
    cluster
      .events()
      .filter((event) => event.endsWith('AgentNotReady'))
      .sort();

  test('for a moment is not reported; for minutes it is, until it is back', async () => {
    const cluster = aCluster(['b', 'c']);
    const { clock } = cluster;
    for (const name of ['b', 'c']) cluster.report(name, { current_version: '1.1.0' });
    start(cluster);
    await clock.advance(10_000);
    let writes = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
      if (resource !== 'leases' && (verb === 'patch' || verb === 'create')) writes++;
      return undefined;
    };
    setReady(cluster, 'b', 'False');
    await clock.advance(4 * MINUTE);
    expect([writes, healthy(cluster, 'b')?.status]).toEqual([0, 'True']);
    await clock.advance(2 * MINUTE);
    const message = "Waiting for the node's agent to be Ready; see the log of its pod";
    expect(healthy(cluster, 'b')).toMatchObject({ status: 'False', reason: 'AgentNotReady', message });
    expect([reported(cluster), writes]).toEqual([['b AgentNotReady', 'brs-b AgentNotReady'], 3]);
    setReady(cluster, 'b', 'True');
    await clock.advance(10_000);
    expect([healthy(cluster, 'b')?.reason, writes]).toEqual(['NoTrouble', 4]);
  });

  test.each(['a-new-agent', 'the-new-agent'])(
    'beside a Ready agent of the same node, as while a pod is replaced, does not matter (%s)',
    async (name) => {
      const cluster = aCluster(['b']);
      cluster.api.store.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: NAMESPACE, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } },
        spec: { nodeName: 'b', containers: [{ name: 'brupop', image: 'brupop' }] },
        status: { conditions: [{ type: 'Ready', status: 'False' }] },
      });
      start(cluster);
      await cluster.clock.advance(5_000);
      expect(cluster.desired()).toEqual(['StagedAndPerformedUpdate']);
    },
  );

  test('is neither reported again nor withdrawn by the next leader', async () => {
    const cluster = aCluster(['b']);
    setReady(cluster, 'b', 'False');
    const first = start(cluster, 'one');
    await cluster.clock.advance(6 * MINUTE);
    const since = healthy(cluster, 'b')?.lastTransitionTime;
    await first.stop();
    start(cluster, 'two');
    await cluster.clock.advance(10 * MINUTE);
    expect(healthy(cluster, 'b')).toMatchObject({ reason: 'AgentNotReady', lastTransitionTime: since });
    expect(reported(cluster)).toEqual(['b AgentNotReady', 'brs-b AgentNotReady']);
  });

  test('is reported by a new leader, if the cluster shows since when', async () => {
    const cluster = aCluster(['b']);
    const lastTransitionTime = new Date(cluster.clock.now()).toISOString();
    cluster.api.store.patch(pod('b'), { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] } });
    await cluster.clock.advance(6 * MINUTE);
    start(cluster);
    await cluster.clock.advance(10_000);
    expect(healthy(cluster, 'b')).toMatchObject({ status: 'False', reason: 'AgentNotReady' });
  });

  test('and has never registered its node is reported once across leaders', async () => {
    const cluster = aCluster(['b']);
    cluster.api.store.delete({ ...SHADOWS, name: 'brs-b' });
    const unregistered = (): string[] => cluster.events().filter((event) => event.endsWith('NoShadow'));
    const first = start(cluster, 'one');
    await cluster.clock.advance(6 * MINUTE);
    expect(unregistered()).toEqual(['b NoShadow']);
    await first.stop();
    start(cluster, 'two');
    await cluster.clock.advance(10 * MINUTE);
    expect(unregistered()).toEqual(['b NoShadow']);
  });

  test('with all others of a large fleet causes no storm of requests', async () => {
    const names = Array.from({ length: 200 }, (_, at) => `n${String(at)}`);
    const cluster = aCluster(names);
    for (const name of names) cluster.report(name, { current_version: '1.1.0' });
    start(cluster);
    await cluster.clock.advance(MINUTE);
    let writes = 0;
    let most = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
      if (resource !== 'leases' && (verb === 'patch' || verb === 'create')) writes++;
      return undefined;
    };
    for (const name of names) setReady(cluster, name, 'False');
    for (let second = 0; second < 7 * 60; second++) {
      const before = writes;
      await cluster.clock.advance(1_000);
      most = Math.max(most, writes - before);
    }
    expect([most, writes]).toEqual([40, 600]);
    expect(names.filter((name) => healthy(cluster, name)?.reason === 'AgentNotReady')).toHaveLength(200);
  });
});
