import { describe, expect, test } from '@jest/globals';
import { conditionOf, isReady } from './objects.ts';
import { sampleWorkloads } from './sample-workloads.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { TestCluster } from './test-cluster.ts';

async function aBusyCluster(options: ConstructorParameters<typeof TestCluster>[0] = {}): Promise<TestCluster> {
  const bench = new TestCluster(options);
  bench.cluster.apply(sampleWorkloads());
  await bench.clock.advance(30_000);
  return bench;
}

describe(SimulatedCluster, () => {
  test('registers nodes as kubelets do', () => {
    const { cluster } = new TestCluster();
    const node = cluster.nodes[0];
    expect(node).toMatchObject({
      metadata: {
        name: 'node-1',
        labels: {
          'kubernetes.io/hostname': 'node-1',
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'topology.kubernetes.io/zone': 'us-west-2a',
          'bottlerocket.aws/updater-interface-version': '2.0.0',
        },
      },
      status: { nodeInfo: { bootID: cluster.host('node-1').bootId, osImage: 'Bottlerocket OS 1.26.1 (aws-k8s-1.30)' } },
    });
    expect(cluster.nodes.every(isReady)).toBe(true);
  });

  test('runs workloads: spread, ready, with stable names, one daemon for each node', async () => {
    const bench = await aBusyCluster();
    expect([bench.ready('web'), bench.ready('db'), bench.ready('node-exporter')]).toEqual([4, 3, 3]);
    expect(bench.app('db').map(({ metadata }) => metadata.name)).toEqual(['db-0', 'db-1', 'db-2']);
    expect(new Set(bench.app('web').map(({ spec }) => spec.nodeName)).size).toBe(3);
    expect(new Set(bench.app('node-exporter').map(({ spec }) => spec.nodeName)).size).toBe(3);
    expect(bench.cluster.store.get('Deployment', { namespace: 'default', name: 'web' })?.status).toMatchObject({ readyReplicas: 4 });
    expect(bench.cluster.store.get('PodDisruptionBudget', { namespace: 'default', name: 'web' })?.status).toMatchObject({
      expectedPods: 4,
      currentHealthy: 4,
      desiredHealthy: 3,
      disruptionsAllowed: 1,
    });
  });

  test('a pod goes from Pending to Running and Ready after its start time', async () => {
    const bench = new TestCluster({ timings: { podStartMs: 5_000 } });
    bench.cluster.apply(sampleWorkloads({ webReplicas: 1, dbReplicas: 0 }));
    await bench.clock.advance(3_000);
    expect(bench.app('web')[0]?.status?.phase).toBe('Pending');
    await bench.clock.advance(3_000);
    expect([bench.app('web')[0]?.status?.phase, bench.ready('web')]).toEqual(['Running', 1]);
  });

  test('replaces an evicted pod elsewhere than on a cordoned node', async () => {
    const bench = await aBusyCluster();
    const before = new Set(bench.app('web').map(({ metadata }) => metadata.uid));
    const [victim] = bench.app('web');
    if (victim?.spec.nodeName === undefined) throw new Error('no pod');
    bench.cluster.store.patch('Node', { name: victim.spec.nodeName }, { spec: { unschedulable: true } });
    expect(await bench.evict(victim)).toBe(201);
    await bench.clock.advance(10_000);
    const born = bench.app('web').filter(({ metadata }) => !before.has(metadata.uid));
    expect(bench.ready('web')).toBe(4);
    expect(born).toHaveLength(1);
    expect(born[0]?.spec.nodeName).not.toBe(victim.spec.nodeName);
    expect(bench.cluster.drainStatistics()).toEqual({ evicted: 1, blocked: 0, failed: 0, evictedByNode: { [victim.spec.nodeName]: 1 } });
  });

  test('a budget allows one eviction, refuses the next, and allows another once the replacement is ready', async () => {
    const bench = await aBusyCluster();
    const [first, second] = bench.app('web');
    if (first === undefined || second === undefined) throw new Error('no pods');
    expect([await bench.evict(first), await bench.evict(second)]).toEqual([201, 429]);
    await bench.clock.advance(20_000);
    expect(await bench.evict(second)).toBe(201);
    expect(bench.cluster.drainStatistics()).toMatchObject({ evicted: 2, blocked: 1 });
    await bench.clock.advance(20_000);
    const budget = bench.cluster.store.get('PodDisruptionBudget', { namespace: 'default', name: 'web' });
    expect(budget?.status?.['disruptedPods']).toBeUndefined();
    expect(bench.cluster.store.get('PodDisruptionBudget', { namespace: 'default', name: 'web' })?.status).toMatchObject({
      disruptionsAllowed: 1,
    });
  });

  test('a StatefulSet recreates a pod under its name, and only when the old one is gone', async () => {
    const bench = await aBusyCluster();
    const [first] = bench.app('db');
    if (first === undefined) throw new Error('no pod');
    await bench.evict(first);
    await bench.clock.advance(1_000);
    expect(bench.app('db')[0]?.metadata.uid).toBe(first.metadata.uid);
    await bench.clock.advance(20_000);
    expect(bench.app('db')[0]).toMatchObject({ metadata: { name: 'db-0' } });
    expect([bench.app('db')[0]?.metadata.uid === first.metadata.uid, bench.ready('db')]).toEqual([false, 3]);
  });

  test.each([
    { podManagementPolicy: 'OrderedReady', early: 1 },
    { podManagementPolicy: 'Parallel', early: 3 },
  ])('a StatefulSet with $podManagementPolicy starts $early of three', async ({ podManagementPolicy, early }) => {
    const bench = new TestCluster();
    const spec = { replicas: 3, podManagementPolicy, selector: { matchLabels: { app: 'db' } } };
    const template = { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db' }] } };
    const metadata = { name: 'db', namespace: 'default' };
    bench.cluster.apply([{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { ...spec, template } }]);
    await bench.clock.advance(1_500);
    expect(bench.app('db')).toHaveLength(early);
    await bench.clock.advance(30_000);
    expect(bench.ready('db')).toBe(3);
  });

  test('a pod without a fitting node waits, and is bound once there is one', async () => {
    const bench = new TestCluster();
    for (const name of ['node-1', 'node-2', 'node-3']) bench.cluster.store.patch('Node', { name }, { spec: { unschedulable: true } });
    bench.cluster.apply(sampleWorkloads({ webReplicas: 1, dbReplicas: 0 }));
    await bench.clock.advance(20_000);
    expect([bench.app('web')[0]?.spec.nodeName, bench.ready('node-exporter')]).toEqual([undefined, 3]);
    bench.cluster.store.patch('Node', { name: 'node-2' }, { spec: { unschedulable: null } });
    await bench.clock.advance(5_000);
    expect(bench.app('web')[0]?.spec.nodeName).toBe('node-2');
  });

  test('a short reboot keeps the pods, restarts their containers and changes the boot id', async () => {
    const bench = await aBusyCluster();
    const before = bench.cluster.nodes[0]?.status?.nodeInfo?.['bootID'];
    const onNode = (): string[] =>
      bench.cluster
        .pods('default')
        .filter(({ spec }) => spec.nodeName === 'node-1')
        .map(({ metadata }) => metadata.uid ?? '');
    const pods = onNode();
    bench.cluster.rebootNode('node-1');
    await bench.clock.advance(60_000);
    expect(onNode()).toEqual(pods);
    expect(
      bench.cluster
        .pods('default')
        .filter(({ spec }) => spec.nodeName === 'node-1')
        .map(({ status }) => status?.containerStatuses?.[0]?.restartCount),
    ).toEqual(pods.map(() => 1));
    const node = bench.cluster.nodes.find(({ metadata }) => metadata.name === 'node-1');
    expect([node !== undefined && isReady(node), node?.status?.nodeInfo?.['bootID'] === before]).toEqual([true, false]);
    expect([bench.ready('web'), bench.ready('db')]).toEqual([4, 3]);
  });

  test('a node without power becomes Unknown after the grace period with its pods not ready, and recovers with the power', async () => {
    const bench = await aBusyCluster();
    bench.cluster.powerOff('node-1');
    await bench.clock.advance(30_000);
    const node = (): ReturnType<typeof conditionOf> => {
      const found = bench.cluster.nodes.find(({ metadata }) => metadata.name === 'node-1');
      return found === undefined ? undefined : conditionOf(found, 'Ready');
    };
    expect(node()?.status).toBe('True');
    await bench.clock.advance(30_000);
    expect(node()).toMatchObject({ status: 'Unknown', reason: 'NodeStatusUnknown' });
    expect(bench.ready('web')).toBeLessThan(4);
    bench.cluster.powerOn('node-1');
    await bench.clock.advance(60_000);
    expect(node()).toMatchObject({ status: 'True', reason: 'KubeletReady' });
    expect(bench.ready('web')).toBe(4);
  });

  test('a pod that terminates on a node without power stays until the node is back', async () => {
    const bench = await aBusyCluster();
    const [pod] = bench.app('db').filter(({ spec }) => spec.nodeName === 'node-1');
    if (pod === undefined) throw new Error('no pod');
    bench.cluster.powerOff('node-1');
    await bench.evict(pod);
    await bench.clock.advance(120_000);
    expect(bench.app('db').some(({ metadata }) => metadata.uid === pod.metadata.uid)).toBe(true);
    bench.cluster.powerOn('node-1');
    await bench.clock.advance(120_000);
    expect([bench.app('db').some(({ metadata }) => metadata.uid === pod.metadata.uid), bench.ready('db')]).toEqual([false, 3]);
  });

  test('a Service selects the ready pods that are not terminating', async () => {
    const bench = await aBusyCluster();
    const names = bench.app('web').map(({ metadata }) => metadata.name);
    expect(bench.cluster.endpoints('default', 'web')).toEqual(names);
    const [victim] = bench.app('web');
    if (victim !== undefined) await bench.evict(victim);
    expect(bench.cluster.endpoints('default', 'web')).toEqual(names.slice(1));
    expect(bench.cluster.endpoints('default', 'nothing')).toEqual([]);
  });

  test('nodes can be added and removed', async () => {
    const bench = await aBusyCluster();
    bench.cluster.addNode({ name: 'node-4', version: '1.26.1', managed: false });
    await bench.clock.advance(10_000);
    expect(bench.ready('node-exporter')).toBe(4);
    bench.cluster.removeNode('node-1');
    await bench.clock.advance(30_000);
    expect([bench.ready('node-exporter'), bench.ready('web'), bench.ready('db'), bench.cluster.nodes.length]).toEqual([3, 4, 3, 3]);
  });

  test('a new template replaces the pods of a Deployment and of a DaemonSet', async () => {
    const bench = await aBusyCluster();
    const containers = [{ name: 'new', image: 'new' }];
    const patch = { spec: { template: { spec: { containers } } } };
    bench.cluster.store.patch('Deployment', { namespace: 'default', name: 'web' }, patch);
    bench.cluster.store.patch('DaemonSet', { namespace: 'default', name: 'node-exporter' }, patch);
    await bench.clock.advance(120_000);
    const pods = [...bench.app('web'), ...bench.app('node-exporter')];
    expect([pods.length, pods.every(({ spec }) => spec.containers[0]?.name === 'new'), pods.every(isReady)]).toEqual([7, true, true]);
  });

  test('a pod with restart policy Never completes', async () => {
    const bench = new TestCluster();
    const spec = { restartPolicy: 'Never', containers: [{ name: 'job', image: 'job' }] };
    bench.cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'job', namespace: 'default', labels: { app: 'job' } }, spec }]);
    await bench.clock.advance(60_000);
    expect(bench.app('job')[0]?.status?.phase).toBe('Succeeded');
  });

  test('the same seed gives the same events, another seed others', async () => {
    const run = async (seed: number): Promise<readonly unknown[]> => {
      const bench = await aBusyCluster({ seed });
      bench.cluster.rebootNode('node-2');
      const [pod] = bench.app('web');
      if (pod !== undefined) await bench.evict(pod);
      await bench.clock.advance(120_000);
      return bench.cluster.events;
    };
    const first = await run(7);
    expect(first.length).toBeGreaterThan(30);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  test('nothing happens after it is stopped', async () => {
    const bench = await aBusyCluster();
    bench.cluster.stop();
    const happened = bench.cluster.events.length;
    await bench.clock.advance(600_000);
    expect(bench.cluster.events.slice(happened)).toEqual([]);
  });
});
