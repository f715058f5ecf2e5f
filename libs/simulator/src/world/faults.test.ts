import { describe, expect, test } from '@jest/globals';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { seededRandom } from '@brupop/ports';
import { isReady } from './objects.ts';
import type { AppliedFault } from './fault.ts';
import { faultNamed, FAULTS } from './faults.ts';
import { sampleWorkloads } from './sample-workloads.ts';
import { TestCluster } from './test-cluster.ts';

const component = (kind: string, name: string, label: string): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace: DEFAULT_NAMESPACE },
  spec: {
    replicas: 2,
    selector: { matchLabels: { 'brupop.bottlerocket.aws/component': label } },
    template: { metadata: { labels: { 'brupop.bottlerocket.aws/component': label } }, spec: { containers: [{ name: 'main' }] } },
  },
});

async function aCluster(): Promise<TestCluster> {
  const bench = new TestCluster();
  bench.cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } },
    ...sampleWorkloads(),
    component('DaemonSet', 'agent', 'agent'),
    component('Deployment', 'apiserver', 'apiserver'),
    component('Deployment', 'controller', 'brupop-controller'),
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'brupop-controller', namespace: DEFAULT_NAMESPACE },
      spec: { holderIdentity: 'me' },
    },
  ]);
  await bench.clock.advance(30_000);
  return bench;
}

function apply(bench: TestCluster, name: string, more: { node?: string; durationMs?: number } = {}): AppliedFault {
  return faultNamed(name).apply(bench.cluster, { random: seededRandom(3), ...more });
}

async function act(bench: TestCluster, action: string): Promise<number | string> {
  const answer = bench.cluster
    .host('node-2')
    .handle({ method: 'POST', path: `/actions/${action}` }, new AbortController().signal)
    .then(({ status }) => status);
  await bench.clock.advance(30_000);
  return answer;
}

async function nodesRequest(bench: TestCluster, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await bench.api.handle({ method: 'GET', path: '/api/v1/nodes', headers }, new AbortController().signal)).status;
}

describe('FAULTS', () => {
  test('have unique names and descriptions', () => {
    const required = [
      ...[
        'download-fails',
        'rollback',
        'rollback-always',
        'host-busy',
        'reboot-refused',
        'pdb-blocks',
        'pdb-blocks-forever',
        'agent-killed',
      ],
      ...[
        'apiserver-killed',
        'controller-killed',
        'leadership-lost',
        'node-dead',
        'cordoned',
        'lb-excluded',
        'watch-dropped',
        'api-errors',
      ],
      'apiserver-all-killed',
    ];
    expect(FAULTS.map(({ name }) => name)).toEqual(expect.arrayContaining(required));
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    expect(new Set(FAULTS.map(({ help }) => help)).size).toBe(FAULTS.length);
  });

  test.each(FAULTS)('$name has a target, reports it, and picks the same for the same seed', async ({ name }) => {
    const targets: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const bench = await aCluster();
      const { target } = apply(bench, name);
      targets.push(target);
      expect(bench.cluster.events.at(-1)).toMatchObject({ type: 'fault', subject: target, message: name });
    }
    expect(targets[0]).toEqual(expect.any(String));
    expect(targets[1]).toEqual(targets[0]);
  });

  test.each(FAULTS)('$name can be lifted twice', async ({ name }) => {
    const bench = await aCluster();
    const applied = apply(bench, name);
    applied.lift();
    applied.lift();
    await bench.clock.advance(300_000);
    expect(bench.cluster.events.filter(({ type }) => type === 'fault-lifted').length).toBeLessThanOrEqual(1);
  });

  test('report when there is no target', () => {
    const bench = new TestCluster({ nodes: [] });
    const targets = ['node-dead', 'cordoned', 'agent-killed', 'leadership-lost'].map((name) => apply(bench, name).target);
    expect(targets).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('download-fails fails one download', async () => {
    const bench = await aCluster();
    bench.cluster.repository.available.push('1.27.0');
    apply(bench, 'download-fails', { node: 'node-2' });
    await act(bench, 'refresh-updates');
    await act(bench, 'prepare-update');
    expect(bench.cluster.host('node-2').updateStatus).toMatchObject({ state: 'Available', mostRecent: { status: 'Failed' } });
    await act(bench, 'prepare-update');
    expect(bench.cluster.host('node-2').updateStatus?.state).toBe('Staged');
  });

  test.each([
    { name: 'rollback', versions: ['1.26.1', '1.27.0'] },
    { name: 'rollback-always', versions: ['1.26.1', '1.26.1'] },
  ])('$name boots $versions', async ({ name, versions }) => {
    const bench = await aCluster();
    bench.cluster.repository.available.push('1.27.0');
    apply(bench, name, { node: 'node-2' });
    const seen: string[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      for (const action of ['refresh-updates', 'prepare-update', 'activate-update', 'reboot']) await act(bench, action);
      await bench.clock.advance(120_000);
      seen.push(bench.cluster.host('node-2').version);
    }
    expect(seen).toEqual(versions);
  });

  test('host-busy answers 423 for a while', async () => {
    const bench = await aCluster();
    apply(bench, 'host-busy', { node: 'node-2', durationMs: 40_000 });
    expect([await act(bench, 'refresh-updates'), await act(bench, 'prepare-update'), await act(bench, 'refresh-updates')]).toEqual([
      423, 423, 204,
    ]);
  });

  test('reboot-refused refuses once', async () => {
    const bench = await aCluster();
    apply(bench, 'reboot-refused', { node: 'node-2' });
    expect([await act(bench, 'reboot'), await act(bench, 'reboot')]).toEqual([500, 204]);
  });

  test.each([
    { name: 'pdb-blocks', afterwards: 201 },
    { name: 'pdb-blocks-forever', afterwards: 429 },
  ])('$name refuses evictions, and later answers $afterwards', async ({ name, afterwards }) => {
    const bench = await aCluster();
    const target = apply(bench, name, { durationMs: 60_000 }).target ?? '';
    const pod = (): Parameters<TestCluster['evict']>[0] => {
      const [found] = bench.app(target.split('/')[1] ?? '');
      if (found === undefined) throw new Error('no pod');
      return found;
    };
    expect(await bench.evict(pod())).toBe(429);
    await bench.clock.advance(90_000);
    expect(await bench.evict(pod())).toBe(afterwards);
  });

  test.each([
    { name: 'agent-killed', killed: 1 },
    { name: 'apiserver-killed', killed: 1 },
    { name: 'apiserver-all-killed', killed: 2 },
    { name: 'controller-killed', killed: 1 },
  ])('$name restarts $killed', async ({ name, killed }) => {
    const bench = await aCluster();
    apply(bench, name);
    await bench.clock.advance(30_000);
    const pods = bench.cluster.pods(DEFAULT_NAMESPACE);
    expect(pods.filter(({ status }) => status?.containerStatuses?.[0]?.restartCount === 1)).toHaveLength(killed);
    expect(pods.every(isReady)).toBe(true);
  });

  test('leadership-lost gives the lease to another holder', async () => {
    const bench = await aCluster();
    apply(bench, 'leadership-lost');
    const lease = bench.cluster.store.get('Lease', { namespace: DEFAULT_NAMESPACE, name: 'brupop-controller' });
    expect(lease?.spec?.holderIdentity).toBe('another-holder');
  });

  test('node-dead ends in NotReady, until lifted', async () => {
    const bench = await aCluster();
    const applied = apply(bench, 'node-dead', { node: 'node-2' });
    await bench.clock.advance(120_000);
    expect(bench.cluster.nodes.map(isReady)).toEqual([true, false, true]);
    applied.lift();
    await bench.clock.advance(120_000);
    expect(bench.cluster.nodes.map(isReady)).toEqual([true, true, true]);
  });

  test('cordoned and lb-excluded leave no annotation of the operator', async () => {
    const bench = await aCluster();
    apply(bench, 'cordoned', { node: 'node-2' });
    apply(bench, 'lb-excluded', { node: 'node-2' });
    const node = bench.cluster.store.get('Node', { name: 'node-2' });
    expect(node?.spec?.unschedulable).toBe(true);
    expect(node?.metadata.labels?.['node.kubernetes.io/exclude-from-external-load-balancers']).toBe('administrator');
    expect(Object.keys(node?.metadata.annotations ?? {}).filter((key) => key.startsWith('brupop'))).toEqual([]);
  });

  test('api-errors fails some requests of service accounts, none of users, and ends', async () => {
    const bench = await aCluster();
    apply(bench, 'api-errors', { durationMs: 60_000 });
    const token = bench.api.issueToken({ serviceAccount: { namespace: 'default', name: 'default' } });
    const ask = async (): Promise<Set<number>> => {
      const seen = new Set<number>();
      for (let request = 0; request < 100; request++) seen.add(await nodesRequest(bench, token));
      return seen;
    };
    const during = await ask();
    expect([...during].some((status) => status === 429 || status >= 500)).toBe(true);
    expect(during.has(403)).toBe(true);
    expect(await nodesRequest(bench, bench.api.adminToken)).toBe(200);
    await bench.clock.advance(60_000);
    expect(await ask()).toEqual(new Set([403]));
  });

  test('an unknown name is rejected with the list of names', () => {
    expect(() => faultNamed('nothing')).toThrow(/download-fails/);
  });
});
