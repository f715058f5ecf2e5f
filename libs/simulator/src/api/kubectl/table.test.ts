import { describe, expect, test } from '@jest/globals';
import { WIDGETS, aNode, aReadyPod, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';
import { humanDuration } from './human-duration.ts';
import { firstAt } from '../storage/json-path.ts';
import { valueAt } from '../types.ts';

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

interface Row {
  readonly cells: readonly unknown[];
}

async function table(fixture: Fixture, path: string): Promise<Record<string, unknown>[]> {
  const { body } = await fixture.call('GET', path, undefined, TABLE);
  expect(body['kind']).toBe('Table');
  const columns = body['columnDefinitions'] as { name: string }[];
  return (body['rows'] as Row[]).map(({ cells }) => Object.fromEntries(columns.map(({ name }, at) => [name, cells[at]])));
}

describe('tables', () => {
  test('of nodes', async () => {
    const fixture = anApi();
    fixture.create({
      ...aNode('n1', { labels: { 'node-role.kubernetes.io/worker': '' }, spec: { unschedulable: true } }),
      ...{
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          nodeInfo: { kubeletVersion: 'v1.34.1', osImage: 'Bottlerocket OS 1.50.0' },
          addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        },
      },
    });
    await fixture.clock.advance(90_000);
    expect(await table(fixture, '/api/v1/nodes')).toMatchObject([
      {
        Name: 'n1',
        Status: 'Ready,SchedulingDisabled',
        Roles: 'worker',
        Age: '90s',
        Version: 'v1.34.1',
        'Internal-IP': '10.0.0.1',
        'OS-Image': 'Bottlerocket OS 1.50.0',
      },
    ]);
  });

  test('of pods', async () => {
    const fixture = anApi();
    fixture.create(aReadyPod('p'));
    fixture.api.store.patch(
      { group: '', resource: 'pods', namespace: 'default', name: 'p' },
      { status: { containerStatuses: [{ name: 'main', ready: true, restartCount: 2 }] } },
    );
    expect(await table(fixture, '/api/v1/pods')).toMatchObject([{ Name: 'p', Ready: '1/1', Status: 'Running', Restarts: '2', Node: 'n1' }]);
    await fixture.call('DELETE', '/api/v1/namespaces/default/pods/p');
    expect(await table(fixture, '/api/v1/pods')).toMatchObject([{ Status: 'Terminating' }]);
  });

  test('of workloads, budgets, leases and events', async () => {
    const fixture = anApi();
    const metadata = { name: 'x', namespace: 'default' };
    fixture.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      ...{ spec: { replicas: 3 }, status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 } },
    });
    fixture.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, ...{ status: { desiredNumberScheduled: 4, numberReady: 3 } } });
    fixture.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      ...{ spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } },
    });
    fixture.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      ...{ spec: { podSelector: { matchLabels: { app: 'web' } } } },
    });
    fixture.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, ...{ spec: { holderIdentity: 'me' } } });
    fixture.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      ...{
        type: 'Normal',
        reason: 'Done',
        message: 'All done\n',
        involvedObject: { kind: 'Node', name: 'n1' },
        lastTimestamp: '2026-01-05T00:00:00Z',
      },
    });
    expect(await table(fixture, '/apis/apps/v1/deployments')).toMatchObject([{ Ready: '2/3', 'Up-to-date': 3, Available: 1 }]);
    expect(await table(fixture, '/apis/apps/v1/daemonsets')).toMatchObject([{ Desired: 4, Ready: 3, 'Node Selector': '<none>' }]);
    expect(await table(fixture, '/apis/policy/v1/poddisruptionbudgets')).toMatchObject([
      { 'Min Available': '50%', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 2 },
    ]);
    expect(await table(fixture, '/apis/networking.k8s.io/v1/networkpolicies')).toMatchObject([{ 'Pod-Selector': 'app=web' }]);
    expect(await table(fixture, '/apis/coordination.k8s.io/v1/leases')).toMatchObject([{ Holder: 'me' }]);
    for (const path of ['/api/v1/events', '/apis/events.k8s.io/v1/events']) {
      expect(await table(fixture, path)).toMatchObject([
        { 'Last Seen': '0s', Type: 'Normal', Reason: 'Done', Object: 'node/n1', Message: 'All done' },
      ]);
    }
    expect(await table(fixture, '/apis/discovery.k8s.io/v1/endpointslices')).toEqual([]);
  });

  test('of custom resources have the columns of their definition', async () => {
    const fixture = anApi();
    fixture.create(aWidgetDefinition());
    fixture.create(aWidget('w'));
    expect(await table(fixture, WIDGETS)).toEqual([{ Name: 'w', State: 'Idle', Size: 3, Age: '0s' }]);
    expect(await table(fixture, `${WIDGETS}/w`)).toHaveLength(1);
  });

  test('include as much of the objects as requested', async () => {
    const { call, create } = anApi();
    create(aNode('n1'));
    const row = async (query: string): Promise<unknown> =>
      valueAt(((await call('GET', `/api/v1/nodes${query}`, undefined, TABLE)).body['rows'] as unknown[])[0], 'object');
    expect(await row('')).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'n1' } });
    expect(await row('?includeObject=Object')).toMatchObject({ kind: 'Node', spec: {} });
    expect(await row('?includeObject=None')).toBeNull();
  });

  test('are also sent in watches', async () => {
    const { clock, create, watch } = anApi();
    const probe = await watch('/api/v1/nodes?watch=true', TABLE);
    create(aNode('n1'));
    await clock.settle();
    expect(probe.events).toMatchObject([{ type: 'ADDED', object: { kind: 'Table', rows: [{ cells: expect.arrayContaining(['n1']) }] } }]);
  });
});

describe(humanDuration, () => {
  test.each([
    [-5_000, '<invalid>'],
    [-1_000, '0s'],
    [0, '0s'],
    [119_000, '119s'],
    [120_000, '2m'],
    [185_000, '3m5s'],
    [600_000, '10m'],
    [10_740_000, '179m'],
    [10_860_000, '3h1m'],
    [28_800_000, '8h'],
    [172_000_000, '47h'],
    [262_800_000, '3d1h'],
    [8_640_000_000, '100d'],
    [94_694_400_000, '3y1d'],
    [315_360_000_000, '10y'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});

describe(firstAt, () => {
  const object = {
    a: {
      'b.c': 1,
      d: [
        { type: 'X', v: 'x' },
        { type: 'Y', v: 'y' },
      ],
    },
  };
  test.each([
    ['.a.d[0].v', 'x'],
    ['.a.d[-1].v', 'y'],
    ['.a.d[*].v', 'x'],
    ['.a.d[?(@.type=="Y")].v', 'y'],
    [`.a.d[?(@.type=='Y')].v`, 'y'],
    [String.raw`.a.b\.c`, 1],
    [`.a['b.c']`, 1],
    ['.a.none.x', undefined],
  ])('%s', (path, value) => {
    expect(firstAt(object, path)).toBe(value);
  });
});
