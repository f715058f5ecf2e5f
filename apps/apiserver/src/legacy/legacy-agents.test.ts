import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { textResponse } from '@brupop/ports';
import type { KubeObject } from '@brupop/simulator';
import type { Response } from 'light-my-request';
import { ApiserverWorld } from '../testing/apiserver-world.ts';

// All names are literals here, as agents of Brupop 1.0 to 1.7 send them, so that a test fails if one is renamed in the code.
const RESOURCE = '/bottlerocket-node-resource';
const DRAIN = '/bottlerocket-node-resource/cordon-and-drain';
const UNCORDON = '/bottlerocket-node-resource/uncordon';
const EXCLUDE = '/bottlerocket-node-resource/exclude-from-lb';
const INCLUDE = '/bottlerocket-node-resource/remove-exclusion-from-lb';
const LB_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const OWN_CORDON = 'brupop.bottlerocket.aws/cordoned';

/** A status as Brupop 1.x writes it: four or five fields, `null` for no failure. */
const idle = {
  current_version: '1.26.1',
  target_version: '1.27.0',
  current_state: 'Idle',
  crash_count: 0,
  state_transition_failure_timestamp: null,
};

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

/** A request as the client of Brupop 1.x (reqwest) sends it: three headers, and JSON only with a body. */
function ask(
  method: 'POST' | 'PUT',
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Parameters<ApiserverWorld['send']>[0] {
  return {
    method,
    url,
    headers: {
      accept: '*/*',
      brupopnodeuid: world.node().metadata.uid,
      brupopnodename: 'node-1',
      brupopk8sauthtoken: world.tokens.get('node-1') ?? '',
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body }),
  };
}
const send = (...request: Parameters<typeof ask>): Promise<Response> => world.send(ask(...request));
const create = (): Promise<Response> =>
  send('POST', RESOURCE, { node_selector: { node_name: 'node-1', node_uid: world.node().metadata.uid } });

/** The client treats any status except 2xx as a failure, and quotes the body. */
const succeeded = ({ statusCode }: Response): boolean => statusCode >= 200 && statusCode <= 299;

describe('an agent of Brupop 1.x', () => {
  test('creates a shadow, and gets it as JSON that it can parse', async () => {
    const response = await create();
    expect(succeeded(response)).toBe(true);
    expect(response.json()).toMatchObject({
      apiVersion: 'brupop.bottlerocket.aws/v2',
      kind: 'BottlerocketShadow',
      metadata: {
        name: 'brs-node-1',
        namespace: 'brupop-bottlerocket-aws',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: world.node().metadata.uid }],
      },
      spec: { state: 'Idle' },
    });
  });

  test('that repeats a request after a lost response gets the same shadow instead of an error', async () => {
    const [first, again] = [await create(), await create()];
    expect([succeeded(again), again.json<KubeObject>().metadata.uid]).toEqual([true, first.json<KubeObject>().metadata.uid]);
  });

  test.each([
    {
      name: 'BrupopNodeName',
      headers: (is: readonly [string, string, string]) => ({ BrupopNodeUid: is[0], BrupopNodeName: is[1], BrupopK8sAuthToken: is[2] }),
    },
    {
      name: 'brupopnodename',
      headers: (is: readonly [string, string, string]) => ({ brupopnodeuid: is[0], brupopnodename: is[1], brupopk8sauthtoken: is[2] }),
    },
    {
      name: 'BRUPOPNODENAME',
      headers: (is: readonly [string, string, string]) => ({ BRUPOPNODEUID: is[0], BRUPOPNODENAME: is[1], BRUPOPK8SAUTHTOKEN: is[2] }),
    },
  ])('may spell its headers like $name', async ({ headers }) => {
    const is: [string, string, string] = [world.node().metadata.uid, 'node-1', world.tokens.get('node-1') ?? ''];
    const response = await world.send({ method: 'POST', url: RESOURCE, headers: headers(is) });
    expect(response.statusCode).toBe(200);
  });

  test.each([
    { name: 'an idle status', status: idle },
    { name: 'its fields in another order', status: Object.fromEntries(Object.entries(idle).reverse()) },
    { name: 'no failure time', status: { ...idle, state_transition_failure_timestamp: undefined } },
    { name: 'a staged update', status: { ...idle, current_state: 'StagedAndPerformedUpdate' } },
    { name: 'a reboot', status: { ...idle, current_state: 'RebootedIntoUpdate', current_version: '1.27.0' } },
    { name: 'monitoring', status: { ...idle, current_state: 'MonitoringUpdate', current_version: '1.27.0' } },
    {
      name: 'a failure, with the time as chrono writes it',
      status: {
        ...idle,
        current_state: 'ErrorReset',
        crash_count: 4_294_967_295,
        state_transition_failure_timestamp: '2026-01-05T00:00:00.123456789+00:00',
      },
    },
    { name: 'versions with build metadata', status: { ...idle, current_version: '1.26.1-rc.1+abc123' } },
  ])('writes $name, and it is returned and stored', async ({ status }) => {
    await create();
    const response = await send('PUT', RESOURCE, status);
    const sent = JSON.parse(JSON.stringify(status)) as Record<string, unknown>;
    expect([response.statusCode, response.json()]).toEqual([200, sent]);
    const stored = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
    expect(world.shadow()?.['status']).toEqual(stored);
  });

  test('does not erase fields that it does not know', async () => {
    await create();
    const ours = {
      conditions: [{ type: 'Stuck', status: 'True', reason: 'Late', message: 'm', lastTransitionTime: '2026-01-05T00:00:00Z' }],
      failed_versions: [{ version: '1.27.0', failures: 2, last_failure_timestamp: '2026-01-05T00:00:00Z' }],
      failure_message: 'It did not boot',
    };
    const progress = { step: 'Draining', since: '2026-01-05T00:00:00Z', boot_id: 'b', version: '1.27.0', message: 'm' };
    world.patchShadow({
      metadata: { labels: { team: 'a' }, annotations: { note: 'b' }, finalizers: ['example.com/keep'] },
      status: { ...idle, ...ours, progress, boot_id: 'b', crash_count: 2, state_transition_failure_timestamp: '2026-01-04T00:00:00Z' },
    });
    const before = world.shadow()?.metadata;
    await send('PUT', RESOURCE, { ...idle, current_state: 'StagedAndPerformedUpdate' });
    const written = { ...idle, current_state: 'StagedAndPerformedUpdate', state_transition_failure_timestamp: undefined };
    // The boot and the step that our agent reported before are no longer valid.
    expect(world.shadow()?.['status']).toEqual({ ...written, ...ours });
    const { labels, annotations, finalizers, ownerReferences } = world.shadow()?.metadata ?? {};
    expect({ labels, annotations, finalizers, ownerReferences }).toEqual({
      labels: before?.labels,
      annotations: before?.annotations,
      finalizers: ['example.com/keep'],
      ownerReferences: before?.ownerReferences,
    });
  });

  test.each([
    { name: 'waits in one request until its node is drained', afterMs: 100_000 },
    { name: 'waits beyond the drain timeout, because it could not retry', afterMs: 3_600_000 },
  ])('$name', async ({ afterMs }) => {
    await create();
    world.patchShadow({
      spec: { state: 'RebootedIntoUpdate', version: '1.27.0' },
      status: { ...idle, current_state: 'StagedAndPerformedUpdate' },
    });
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(afterMs, () => {
      world.removePod('web-0');
    });
    const response = await world.send(ask('POST', DRAIN), 2 * afterMs);
    expect([response.statusCode, response.body, world.cordoned]).toEqual([200, '', true]);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(afterMs);
  });

  test('that lost power does not continue to drain a node that was restored', async () => {
    world.permit();
    world.addPod('web-0', 'node-1');
    const drain = world.begin(ask('POST', DRAIN));
    await world.clock.advance(60_000);
    await send('POST', UNCORDON);
    await world.clock.advance(60_000);
    expect([drain.value?.statusCode, world.cordoned]).toEqual([503, false]);
    world.addPod('web-1', 'node-1');
    await world.clock.advance(60_000);
    const later = world.api.store.get({ group: '', resource: 'pods', namespace: 'shop', name: 'web-1' });
    expect(later?.metadata.deletionTimestamp).toBeUndefined();
  });

  test('gets an error from a replica that shuts down, and continues the drain with the next replica', async () => {
    world.permit();
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(5_000, () => {
      world.stopping.abort();
    });
    const first = await send('POST', DRAIN);
    expect(succeeded(first)).toBe(false);
    const { api, clock } = world;
    const other = await new ApiserverWorld([], { api, clock }).start();
    world.removePod('web-0');
    const second = await other.send(ask('POST', DRAIN));
    expect([second.statusCode, second.body, world.cordoned]).toEqual([200, '', true]);
    other.stopping.abort();
  });

  test('has its node uncordoned immediately, whether the node is Ready or not', async () => {
    await send('POST', DRAIN);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    const response = await send('POST', UNCORDON);
    expect([response.statusCode, response.body, world.cordoned]).toEqual([200, '', false]);
    expect(world.node().metadata.annotations?.[OWN_CORDON]).toBeUndefined();
  });

  test('may request the uncordon of a node that is not cordoned', async () => {
    expect((await send('POST', UNCORDON)).statusCode).toBe(200);
    expect((await send('POST', INCLUDE)).statusCode).toBe(200);
  });

  test('has its node excluded from load balancers with the label and value of Brupop 1.x, and included again', async () => {
    world.permit();
    const out = await send('POST', EXCLUDE);
    expect([out.statusCode, out.body, world.node().metadata.labels?.[LB_LABEL]]).toEqual([200, '', 'True']);
    const back = await send('POST', INCLUDE);
    expect([back.statusCode, back.body, world.node().metadata.labels?.[LB_LABEL]]).toEqual([200, '', undefined]);
  });

  test.each([
    { name: 'a status with a state of v1', body: { ...idle, current_state: 'StagedUpdate' }, status: 400 },
    { name: 'a status without crash count', body: { ...idle, crash_count: undefined }, status: 400 },
  ])('that writes $name gets the status of Brupop 1.x', async ({ body, status }) => {
    await create();
    expect((await send('PUT', RESOURCE, body)).statusCode).toBe(status);
  });

  test.each([
    {
      name: 'an update that it brought to its reboot',
      spec: 'RebootedIntoUpdate',
      reported: 'StagedAndPerformedUpdate',
      uncordoned: true,
    },
    { name: 'a failure that it reported', spec: 'Idle', reported: 'ErrorReset', uncordoned: true },
    { name: 'an idle node that an administrator cordoned', spec: 'Idle', reported: 'Idle', uncordoned: false },
    {
      name: 'a staged node that an administrator cordoned',
      spec: 'StagedAndPerformedUpdate',
      reported: 'StagedAndPerformedUpdate',
      uncordoned: false,
    },
  ])('whose node is cordoned without an ownership annotation: $name', async ({ spec, reported, uncordoned }) => {
    await create();
    world.patchShadow({ spec: { state: spec, version: '1.27.0' }, status: { ...idle, current_state: reported } });
    world.patchNode({ spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    expect((await send('POST', UNCORDON)).statusCode).toBe(200);
    expect(world.cordoned).toBe(!uncordoned);
  });

  test.each([
    { spec: 'RebootedIntoUpdate', kept: false },
    // The disruption has not begun yet, so an administrator cordoned the node.
    { spec: 'StagedAndPerformedUpdate', kept: true },
  ])('repeats its steps after its apiserver was replaced, with the desired state $spec: the existing cordon stays: $kept', async ({ spec, kept }) => {
    await create();
    world.patchShadow({ spec: { state: spec, version: '1.27.0' }, status: { ...idle, current_state: 'StagedAndPerformedUpdate' } });
    world.patchNode({ metadata: { labels: { [LB_LABEL]: 'True' } }, spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    const answers: number[] = [];
    for (const step of [EXCLUDE, DRAIN, INCLUDE, UNCORDON]) answers.push((await send('POST', step)).statusCode);
    expect(answers).toEqual(kept ? [409, 409, 200, 200] : [200, 200, 200, 200]);
    expect([world.cordoned, world.node().metadata.labels?.[LB_LABEL]]).toEqual(kept ? [true, 'True'] : [false, undefined]);
  }); // prettier-ignore

  test('has a node restored that Brupop 1.x cordoned, also by a replica that has not listed the shadows yet', async () => {
    await create();
    world.patchShadow({ spec: { state: 'Idle', version: '1.27.0' }, status: { ...idle, current_state: 'ErrorReset' } });
    world.patchNode({ spec: { unschedulable: true } });
    const { api, clock } = world;
    api.faults.beforeRequest = ({ path }) =>
      /\/bottlerocketshadows(\?|$)/.test(path) ? textResponse(500, 'conversion failed') : undefined;
    const late = await new ApiserverWorld([], { api, clock }).start();
    expect((await late.send(ask('POST', UNCORDON))).statusCode).toBe(200);
    expect(world.cordoned).toBe(false);
    late.stopping.abort();
  });
});
