import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKubeClient } from '@brupop/kube-runtime';
import { inProcessClient, seededRandom, sleep, systemClock } from '@brupop/ports';
import type { HttpClient } from '@brupop/ports';
import { SimulatedApi } from '@brupop/simulator';
import { RemoteStore } from './remote-store.ts';

const NODES = { group: '', resource: 'nodes' };
const NODE = { ...NODES, name: 'node-1' };
const aNode = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: { app: 'a' } } };

let api: SimulatedApi;
let end: AbortController;
let store: RemoteStore;

beforeEach(() => {
  api = new SimulatedApi({ clock: systemClock, random: seededRandom(1) });
  end = new AbortController();
  const inner = inProcessClient(api.handle);
  const http: HttpClient = {
    request: (request, signal) =>
      inner.request({ ...request, headers: { ...request.headers, authorization: `Bearer ${api.adminToken}` } }, signal),
  };
  store = new RemoteStore(createKubeClient({ http, clock: systemClock }), end.signal);
});

afterEach(() => {
  end.abort(new Error('the test is over'));
});

async function eventually(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 4_000;
  while (!condition() && performance.now() < endMs) await sleep(systemClock, 5);
}

describe(RemoteStore, () => {
  test('returns the objects from before, and later ones', async () => {
    api.store.create(aNode);
    await store.mirror(NODES);
    expect(store.get(NODE)).toMatchObject({ metadata: aNode.metadata });
    const events: unknown[] = [];
    store.watch(NODES, ({ type, object }) => events.push([type, (object as typeof aNode).metadata.name]));
    api.store.create({ ...aNode, metadata: { name: 'node-2' } });
    api.store.delete(NODE);
    await eventually(() => events.length === 2);
    expect(events).toEqual([
      ['ADDED', 'node-2'],
      ['DELETED', 'node-1'],
    ]);
    expect(store.list(NODES)).toHaveLength(1);
  });

  test('sends writes of one object in order', async () => {
    await store.mirror(NODES);
    store.create(aNode);
    for (const value of ['1', '2', '3']) store.patch(NODE, { metadata: { labels: { app: value } } });
    store.patch(NODE, { status: { phase: 'Running' } }, { subresource: 'status' });
    await eventually(() => (store.get(NODE) as { status?: object } | undefined)?.status !== undefined);
    expect(store.get(NODE)).toMatchObject({ metadata: { labels: { app: '3' } }, status: { phase: 'Running' } });
    store.delete(NODE);
    await eventually(() => store.get(NODE) === undefined);
    expect(api.store.list(NODES)).toEqual([]);
    expect(store.failures).toEqual([]);
  });

  test('considers an object that already exists, or is gone, as written', async () => {
    api.store.create(aNode);
    await store.mirror(NODES);
    store.create(aNode);
    store.patch({ ...NODES, name: 'gone' }, { metadata: { labels: {} } });
    store.delete({ ...NODES, name: 'gone' });
    store.patch(NODE, { metadata: { labels: { app: 'last' } } });
    await eventually(() => api.store.get<typeof aNode>(NODE)?.metadata.labels.app === 'last');
    expect(store.failures).toEqual([]);
  });

  test('records what the API rejects', async () => {
    api.store.create(aNode);
    await store.mirror(NODES);
    store.patch(NODE, { metadata: { labels: { app: 'no label' } } });
    await eventually(() => store.failures.length > 0);
    expect(store.failures).toEqual([expect.stringContaining('PATCH /api/v1/nodes/node-1')]);
  });

  test('rejects resources that it does not mirror', () => {
    expect(() => store.get(NODE)).toThrow('nodes are not mirrored');
    expect(() => {
      store.create({ ...aNode, kind: 'Pod' });
    }).toThrow('a Pod is not made here');
  });
});
