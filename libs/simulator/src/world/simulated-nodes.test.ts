import { describe, expect, test } from '@jest/globals';
import { seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi } from '../api/simulated-api.ts';
import { isReady } from './objects.ts';
import type { NodeObject, PodObject } from './objects.ts';
import { SimulatedNodes } from './simulated-nodes.ts';
import { WorldStore } from './world-store.ts';
import type { StoreAccess } from './world-store.ts';

const NODE = { group: '', resource: 'nodes', name: 'node-1' };
const POD = { group: '', resource: 'pods', namespace: 'default', name: 'web' };
const TIMINGS = { kubeletStartMs: 400, nodeReadyMs: 300, podStartMs: 100, heartbeatMs: 10_000 };

/** A node and an API that delivers changes late, like a watch, and whose timers end early, like those of a busy process. */
async function aLaggingNode(
  lagMs: number,
  earlyMs = 0,
): Promise<{ readonly clock: VirtualClock; readonly api: SimulatedApi; readonly nodes: SimulatedNodes }> {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const api = new SimulatedApi({ clock, random });
  const { store } = api;
  const lagging: StoreAccess = {
    create: (object) => store.create(object),
    get: (ref) => store.get(ref),
    list: (ref) => store.list(ref),
    patch: (ref, patch, options) => store.patch(ref, patch, options),
    delete: (ref, options) => {
      store.delete(ref, options);
    },
    watch: (ref, listener) =>
      store.watch(ref, (event) => {
        clock.setTimer(lagMs, () => {
          listener(event);
        });
      }),
  };
  const nodes = new SimulatedNodes({
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (delayMs, callback) => clock.setTimer(Math.max(0, delayMs - earlyMs), callback),
    },
    random,
    store: new WorldStore(lagging),
    repository: { available: ['1.26.1'] },
    runner: undefined,
    timings: TIMINGS,
    hostTimings: { shutdownMs: 200, rebootMs: 2_000 },
    addressesOf: () => ({ node: '192.0.2.1', pod: (count) => `192.0.2.${String(10 + count)}` }),
    issueToken: () => '',
    log: () => undefined,
  });
  nodes.add({ name: 'node-1', version: '1.26.1' });
  nodes.start();
  await clock.advance(2 * lagMs + 1_000);
  return { clock, api, nodes };
}

describe(SimulatedNodes, () => {
  test('a node is Ready as soon as its kubelet reports it, even if the kubelet reads the Node late', async () => {
    const { clock, api, nodes } = await aLaggingNode(500);
    nodes.hosts.get('node-1')?.reboot();
    await clock.advance(200 + 2_000 + 400 + 100);
    const ready = (): boolean => isReady(api.store.get<NodeObject>(NODE) ?? {});
    expect(ready()).toBe(false);
    await clock.advance(300);
    expect(ready()).toBe(true);
  });

  test('a node is Ready again when a timer has ended early', async () => {
    const { clock, api, nodes } = await aLaggingNode(10, 5);
    nodes.hosts.get('node-1')?.reboot();
    await clock.advance(200 + 2_000 + 400 + 300);
    expect(isReady(api.store.get<NodeObject>(NODE) ?? {})).toBe(true);
  });

  test('its pods have the given addresses, and keep their QoS class', async () => {
    const { clock, api } = await aLaggingNode(10);
    api.store.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: POD.namespace, name: POD.name },
      spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'web' }] },
    });
    const { qosClass } = api.store.get<PodObject>(POD)?.status ?? {};
    await clock.advance(1_000);
    expect(api.store.get<PodObject>(POD)?.status).toMatchObject({ phase: 'Running', podIP: '192.0.2.11', qosClass });
    expect(api.store.get<NodeObject>(NODE)?.status?.addresses).toContainEqual({ type: 'InternalIP', address: '192.0.2.1' });
  });
});
