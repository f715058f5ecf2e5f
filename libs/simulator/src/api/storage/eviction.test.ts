import { describe, expect, test } from '@jest/globals';
import { PODS, aPod, aReadyPod, anApi } from '../api-fixture.ts';
import type { Answer, Fixture } from '../api-fixture.ts';
import { computeBudget } from './eviction-budget.ts';
import type { KubeObject, ObjectInput } from '../types.ts';
import { valueAt } from '../types.ts';

const aBudget = (spec: object, more: { name?: string; status?: object } = {}): ObjectInput => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: more.name ?? 'web', namespace: 'default' },
  ...{ spec: { selector: { matchLabels: { app: 'web' } }, ...spec }, ...(more.status && { status: more.status }) },
});

const evict = (fixture: Fixture, name: string, deleteOptions?: object, query = ''): Promise<Answer> =>
  fixture.call('POST', `${PODS}/${name}/eviction${query}`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name },
    deleteOptions,
  });

function withPods(count: number, unready = 0): Fixture {
  const fixture = anApi();
  for (let at = 0; at < count; at++) fixture.create(aReadyPod(`p${String(at)}`));
  for (let at = 0; at < unready; at++) {
    fixture.create(
      aPod(`u${String(at)}`, { metadata: { labels: { app: 'web' } }, spec: { nodeName: 'n1' }, status: { phase: 'Running' } }),
    );
  }
  return fixture;
}

describe(computeBudget, () => {
  const pods = (ready: number, all: number): KubeObject[] => {
    const { create } = anApi();
    return Array.from({ length: all }, (_, at) =>
      create(at < ready ? aReadyPod(`p${String(at)}`) : aPod(`p${String(at)}`, { metadata: { labels: { app: 'web' } } })),
    );
  };
  test.each([
    { spec: { minAvailable: 2 }, ready: 3, all: 3, desiredHealthy: 2, disruptionsAllowed: 1 },
    { spec: { minAvailable: 3 }, ready: 3, all: 3, desiredHealthy: 3, disruptionsAllowed: 0 },
    { spec: { minAvailable: '50%' }, ready: 3, all: 3, desiredHealthy: 2, disruptionsAllowed: 1 },
    { spec: { maxUnavailable: 1 }, ready: 3, all: 3, desiredHealthy: 2, disruptionsAllowed: 1 },
    { spec: { maxUnavailable: 1 }, ready: 2, all: 3, desiredHealthy: 2, disruptionsAllowed: 0 },
    { spec: { maxUnavailable: '30%' }, ready: 4, all: 4, desiredHealthy: 2, disruptionsAllowed: 2 },
    { spec: { maxUnavailable: 0 }, ready: 3, all: 3, desiredHealthy: 3, disruptionsAllowed: 0 },
    { spec: { minAvailable: 5 }, ready: 3, all: 3, desiredHealthy: 5, disruptionsAllowed: 0 },
    { spec: { maxUnavailable: 1 }, ready: 0, all: 0, desiredHealthy: 0, disruptionsAllowed: 0 },
  ])('$spec with $ready of $all pods ready allows $disruptionsAllowed', ({ spec, ready, all, ...expected }) => {
    expect(computeBudget(aBudget(spec) as KubeObject, pods(ready, all))).toMatchObject(expected);
  });

  test('expects as many pods as their controller asks for', () => {
    expect(computeBudget(aBudget({ maxUnavailable: 1 }) as KubeObject, pods(2, 2), 3)).toMatchObject({
      desiredHealthy: 2,
      disruptionsAllowed: 0,
    });
  });
});

describe('eviction', () => {
  test('deletes a pod that no budget selects, and adds a condition with the reason', async () => {
    const fixture = withPods(1);
    expect(await evict(fixture, 'p0')).toMatchObject({ status: 201, body: { kind: 'Status', status: 'Success', code: 201 } });
    const { body } = await fixture.call('GET', `${PODS}/p0`);
    expect(valueAt(body, 'metadata.deletionTimestamp')).toBe('2026-01-05T00:00:30Z');
    expect(valueAt(body, 'status.conditions')).toMatchObject([
      { type: 'Ready' },
      { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
    ]);
  });

  test('counts terminating pods if no controller maintains the status of the budget', async () => {
    const fixture = withPods(3);
    fixture.create(aBudget({ minAvailable: 2 }));
    expect((await evict(fixture, 'p0')).status).toBe(201);
    expect(await evict(fixture, 'p1')).toEqual({
      status: 429,
      headers: expect.anything(),
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        reason: 'TooManyRequests',
        details: {
          causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods and has 2 currently' }],
        },
        code: 429,
      },
    });
  });

  test('uses the disruptions that the status of the budget allows', async () => {
    const fixture = withPods(3);
    const status = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 };
    fixture.create(aBudget({ minAvailable: 2 }, { status }));
    expect((await evict(fixture, 'p0')).status).toBe(201);
    const budget = fixture.api.store.get({ group: 'policy', resource: 'poddisruptionbudgets', namespace: 'default', name: 'web' });
    expect(budget?.['status']).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { p0: '2026-01-05T00:00:00Z' } });
    expect((await evict(fixture, 'p1')).status).toBe(429);
  });

  test('waits for the controller after the budget has changed', async () => {
    const fixture = withPods(3);
    fixture.create(aBudget({ minAvailable: 2 }, { status: { observedGeneration: 1, disruptionsAllowed: 1 } }));
    fixture.api.store.patch(
      { group: 'policy', resource: 'poddisruptionbudgets', namespace: 'default', name: 'web' },
      { spec: { minAvailable: 1 } },
    );
    const answer = await evict(fixture, 'p0');
    expect(answer).toMatchObject({ status: 429, body: { details: { retryAfterSeconds: 10 } }, headers: { 'retry-after': '10' } });
    expect(JSON.stringify(answer.body)).toContain('The disruption budget web is still being processed by the server.');
  });

  test('expects the replicas of the controller, so that a starting replacement counts', async () => {
    const fixture = anApi();
    const set = fixture.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs', namespace: 'default' },
      ...{ spec: { replicas: 3 } },
    });
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: set.metadata.uid, controller: true }];
    for (const name of ['a', 'b'])
      fixture.create({ ...aReadyPod(name), metadata: { name, namespace: 'default', labels: { app: 'web' }, ownerReferences } });
    fixture.create(aBudget({ maxUnavailable: 1 }));
    expect((await evict(fixture, 'a')).status).toBe(429);
  });

  test.each([
    { name: 'IfHealthyBudget, while enough others are healthy', spec: { minAvailable: 2 }, ready: 2, status: 201 },
    { name: 'IfHealthyBudget, while too few are healthy', spec: { minAvailable: 2 }, ready: 1, status: 429 },
    { name: 'AlwaysAllow', spec: { minAvailable: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, ready: 1, status: 201 },
  ])('a pod that is not ready follows $name: $status', async ({ spec, ready, status }) => {
    const fixture = withPods(ready, 1);
    fixture.create(aBudget(spec));
    expect((await evict(fixture, 'u0')).status).toBe(status);
  });

  test.each([
    { name: 'is pending', pod: aPod('x', { metadata: { labels: { app: 'web' } } }) },
    { name: 'has finished', pod: aPod('x', { metadata: { labels: { app: 'web' } }, status: { phase: 'Succeeded' } }) },
  ])('checks no budget for a pod that $name', async ({ pod }) => {
    const fixture = anApi();
    fixture.create(pod);
    fixture.create(aBudget({ maxUnavailable: 0 }));
    expect((await evict(fixture, 'x')).status).toBe(201);
  });

  test('checks no budget for a pod that is already terminating', async () => {
    const fixture = withPods(1);
    fixture.create(aBudget({ maxUnavailable: 0 }));
    await fixture.call('DELETE', `${PODS}/p0`);
    expect((await evict(fixture, 'p0')).status).toBe(201);
  });

  test('fails if two budgets select the pod', async () => {
    const fixture = withPods(1);
    fixture.create(aBudget({ maxUnavailable: 1 }));
    fixture.create(aBudget({ maxUnavailable: 1 }, { name: 'other' }));
    expect(await evict(fixture, 'p0')).toMatchObject({
      status: 500,
      body: { message: expect.stringContaining('more than one PodDisruptionBudget') },
    });
  });

  test.each([
    { name: 'a pod that does not exist', pod: 'none', options: undefined, status: 404 },
    { name: 'a pod with another uid', pod: 'p0', options: { preconditions: { uid: 'other' } }, status: 409 },
  ])('rejects $name', async ({ pod, options, status }) => {
    expect((await evict(withPods(1), pod, options)).status).toBe(status);
  });

  test('deletes nothing in a dry run', async () => {
    const fixture = withPods(1);
    expect((await evict(fixture, 'p0', undefined, '?dryRun=All')).status).toBe(201);
    expect(valueAt((await fixture.call('GET', `${PODS}/p0`)).body, 'metadata.deletionTimestamp')).toBeUndefined();
  });
});
