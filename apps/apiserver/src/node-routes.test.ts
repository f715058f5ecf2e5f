import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import { CORDONED_ANNOTATION, APISERVER_COMPONENT, COMPONENT_LABEL, CONTROLLER_COMPONENT } from '@brupop/crd-models';
import type { Response } from 'light-my-request';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { ApiserverWorld, NAMESPACE } from './testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };
const ASYNC = { prefer: 'respond-async' };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

describe('node steps of our agents', () => {
  beforeEach(() => {
    world.permit();
  });
  const step = (url: string): Promise<Response> => world.send(world.asAgent('POST', url, { headers: ASYNC }));
  const budget = (): void => {
    world.api.store.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'shop', generation: 1 },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } },
      status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    });
  };

  test('cordons and drains, with progress, in bounded steps', async () => {
    world.addPod('web-0', 'node-1');
    world.addPod('elsewhere', 'node-2');
    const first = await step(ROUTES.cordonAndDrain);
    expect([first.statusCode, first.headers['preference-applied'], first.json()]).toMatchObject([
      202,
      'respond-async',
      {
        done: false,
        evicted: 1,
        waiting: [{ namespace: 'shop', name: 'web-0', reason: 'terminating' }],
        waiting_total: 1,
        retry_after_ms: 1_000,
      },
    ]);
    expect([world.cordoned, world.clock.monotonic() <= 11_000]).toEqual([true, true]);
    world.removePod('web-0');
    const last = await step(ROUTES.cordonAndDrain);
    expect([last.statusCode, last.json()]).toMatchObject([200, { done: true, since: first.json<{ since: string }>().since }]);
  });

  test('names the PodDisruptionBudget that blocks the drain', async () => {
    world.addPod('web-0', 'node-1', 'shop', { labels: { app: 'web' } });
    budget();
    await world.send(world.asAgent('POST', ROUTES.shadow));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    const response = await step(ROUTES.cordonAndDrain);
    const message = 'PodDisruptionBudget shop/web allows no disruption of pod shop/web-0';
    expect(response.json()).toMatchObject({
      done: false,
      message: `Draining, 0 pods evicted in this step, waiting for 1 pod: ${message}`,
      waiting: [{ reason: 'blocked', message }],
      blocked: { reason: 'DisruptionBudget', message },
      retry_after_ms: 1_000,
    });
    await world.clock.advance(60_000);
    expect((await step(ROUTES.cordonAndDrain)).json()).toMatchObject({ done: false, retry_after_ms: 5_000 });
  });

  test('fails with DRAIN_TIMED_OUT after the drain timeout', async () => {
    world.addPod('web-0', 'node-1', 'shop', { labels: { app: 'web' } });
    budget();
    await world.send(world.asAgent('POST', ROUTES.shadow));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    await step(ROUTES.cordonAndDrain);
    await world.clock.advance(900_000);
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.json()]).toMatchObject([409, { error: { code: 'DRAIN_TIMED_OUT' } }]);
  });

  test('ends a step at a shutdown, because the step may be waiting for this replica', async () => {
    world.addPod('web-0', 'node-1');
    const startMs = world.clock.monotonic();
    world.clock.setTimer(1_000, () => {
      world.stopping.abort();
    });
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.json()]).toMatchObject([202, { done: false, evicted: 1 }]);
    expect(world.clock.monotonic() - startMs).toBeLessThan(1_200);
  });

  test('ends a wait for the Node at a shutdown', async () => {
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    await world.clock.advance(100);
    const startMs = world.clock.monotonic();
    world.clock.setTimer(1_000, () => {
      world.stopping.abort();
    });
    expect((await step(ROUTES.uncordon)).json()).toMatchObject({ done: false });
    expect(world.clock.monotonic() - startMs).toBeLessThan(1_200);
  });

  test('uncordons what it cordoned, once the Node is Ready', async () => {
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'cni' }] } });
    const waiting = await step(ROUTES.uncordon);
    expect([waiting.statusCode, waiting.json(), world.cordoned]).toMatchObject([
      202,
      { done: false, message: expect.stringContaining('cni') },
      true,
    ]);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const done = await step(ROUTES.uncordon);
    expect([done.statusCode, done.json(), world.cordoned]).toMatchObject([200, { done: true }, false]);
    expect(world.node().metadata.annotations?.[CORDONED_ANNOTATION]).toBeUndefined();
  });

  test("records with the cordon which of the operator's servers are on the node", async () => {
    const server = (name: string, node: string, component: string): string =>
      world.addPod(name, node, NAMESPACE, { labels: { [COMPONENT_LABEL]: component } }).metadata.uid;
    const here = [server('apiserver-1', 'node-1', APISERVER_COMPONENT), server('controller-1', 'node-1', CONTROLLER_COMPONENT)];
    server('apiserver-2', 'node-2', APISERVER_COMPONENT);
    await world.clock.advance(1_000);
    await step(ROUTES.cordonAndDrain);
    const { last } = JSON.parse(world.node().metadata.annotations?.[CORDONED_ANNOTATION] ?? '') as { last: string[] };
    expect(last.toSorted()).toEqual(here.toSorted());
  });

  test('responds as soon as the Node is Ready, and restores cordon and exclusion', async () => {
    await step(ROUTES.excludeFromLb);
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    world.clock.setTimer(3_000, () => {
      world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    });
    await world.clock.advance(100);
    const verbs: string[] = [];
    world.api.audit(({ verb, resource }) => {
      if (resource === 'nodes') verbs.push(verb);
    });
    const startMs = world.clock.monotonic();
    const done = await step(ROUTES.uncordon);
    expect([done.json(), world.cordoned, world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]]).toMatchObject([
      { done: true, returned: true },
      false,
      undefined,
    ]);
    expect(world.clock.monotonic() - startMs).toBeLessThan(3_000);
    expect(verbs).toEqual(['patch']);
  });

  test.each([
    { name: 'of an administrator', before: { spec: { unschedulable: true } } },
    { name: 'that existed before ours', before: { spec: { unschedulable: true } }, drain: true },
  ])('leaves a cordon $name', async ({ before, drain }) => {
    world.patchNode(before);
    if (drain === true) await step(ROUTES.cordonAndDrain);
    const response = await step(ROUTES.uncordon);
    expect([response.statusCode, world.cordoned, world.node().metadata.annotations?.[CORDONED_ANNOTATION]]).toEqual([200, true, undefined]);
  });

  test('uncordons a node that Brupop 1.x cordoned in the middle of an update that our agent takes over', async () => {
    await world.send(world.asAgent('POST', ROUTES.shadow));
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate' } }));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    world.patchNode({ spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate', boot_id: 'b' } }));
    await step(ROUTES.uncordon);
    expect(world.cordoned).toBe(false);
  });

  test('excludes from load balancers and undoes that', async () => {
    const done = await step(ROUTES.excludeFromLb);
    expect([done.json(), world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]]).toMatchObject([
      { done: true, since: '2026-01-05T00:00:00.000Z' },
      'True',
    ]);
    await step(ROUTES.removeExclusionFromLb);
    expect(world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]).toBeUndefined();
  });

  test('leaves an exclusion of an administrator', async () => {
    world.patchNode({ metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' } } });
    await step(ROUTES.excludeFromLb);
    await step(ROUTES.removeExclusionFromLb);
    expect(world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]).toBe('True');
  });

  test('reports the health of the node', async () => {
    const healthy = await world.send(world.asAgent('GET', ROUTES.health));
    expect(healthy.json()).toEqual({ healthy: true, problems: [], daemon_sets: [] });
  });
});
