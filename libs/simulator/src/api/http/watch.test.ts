import { describe, expect, test } from '@jest/globals';
import { PODS, aNode, aPod, aReadyPod, anApi } from '../api-fixture.ts';
import type { WatchProbe } from '../api-fixture.ts';

const NODES = '/api/v1/nodes?watch=true';
const NODE = { group: '', resource: 'nodes' };
const seen = ({ events }: WatchProbe): string[] => events.map(({ type, object }) => `${type} ${object.metadata.name}`);

describe('watch', () => {
  test('starts with the existing objects, then sends each change', async () => {
    const { api, clock, create, watch } = anApi();
    create(aNode('a'));
    const probe = await watch(NODES);
    create(aNode('b'));
    api.store.patch({ ...NODE, name: 'a' }, { metadata: { labels: { x: 'y' } } });
    api.store.delete({ ...NODE, name: 'b' });
    await clock.settle();
    expect(seen(probe)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
    expect(probe.events.at(-1)?.object.metadata.resourceVersion).toBe(api.resourceVersion);
  });

  test('resumes after a resourceVersion without a gap', async () => {
    const { api, clock, create, watch } = anApi();
    create(aNode('a'));
    const from = api.resourceVersion;
    create(aNode('b'));
    api.store.delete({ ...NODE, name: 'a' });
    const probe = await watch(`${NODES}&resourceVersion=${from}`);
    create(aNode('c'));
    await clock.settle();
    expect(seen(probe)).toEqual(['ADDED b', 'DELETED a', 'ADDED c']);
  });

  test('sends ADDED when an object enters the selection, and DELETED when it leaves', async () => {
    const { api, clock, create, watch } = anApi();
    create(aPod('p'));
    const probe = await watch(`${PODS}?watch=1&fieldSelector=spec.nodeName%3Dn1`);
    const ref = { group: '', resource: 'pods', namespace: 'default', name: 'p' };
    api.store.patch(ref, { metadata: { labels: { a: 'b' } } });
    api.store.patch(ref, { spec: { nodeName: 'n1' } });
    api.store.patch(ref, { spec: { nodeName: 'n2' } });
    await clock.settle();
    expect(seen(probe)).toEqual(['ADDED p', 'DELETED p']);
  });

  test('counts for its user until it ends', async () => {
    const { api, clock, watch } = anApi();
    const token = api.issueUserToken({ username: 'system:node:n1', groups: ['system:masters'] });
    const probe = await watch(NODES, { token });
    await watch(NODES);
    expect(api.watchers).toEqual(['system:node:n1', 'kubernetes-admin']);
    probe.close();
    await clock.settle();
    expect(api.watchers).toEqual(['kubernetes-admin']);
  });

  test('is delayed for one watcher, in order, while another is not and reads are fresh', async () => {
    const { api, clock, call, create, watch } = anApi();
    const token = api.issueUserToken({ username: 'slow', groups: ['system:masters'] });
    create(aNode('a'));
    const [slow, quick] = [await watch(NODES, { token }), await watch(NODES)];
    api.faults.watchDelay = ({ username }) => (username === 'slow' ? 10_000 : 0);
    create(aNode('b'));
    await clock.advance(5_000);
    api.faults.watchDelay = undefined;
    create(aNode('c'));
    await clock.advance(4_999);
    expect([seen(slow), seen(quick)]).toEqual([['ADDED a'], ['ADDED a', 'ADDED b', 'ADDED c']]);
    expect((await call('GET', '/api/v1/nodes/c', undefined, { token })).status).toBe(200);
    await clock.advance(1);
    expect(seen(slow)).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
  });

  test('ends after timeoutSeconds', async () => {
    const { clock, watch } = anApi();
    const probe = await watch(`${NODES}&timeoutSeconds=10`);
    await clock.advance(9_999);
    expect(probe.ended()).toBeUndefined();
    await clock.advance(1);
    expect(probe.ended()).toBe('end');
  });

  test('sends bookmarks to clients that allow them', async () => {
    const { api, clock, create, watch } = anApi();
    const probe = await watch(`${NODES}&allowWatchBookmarks=true&resourceVersion=${api.resourceVersion}`);
    const quiet = await watch(`${NODES}&resourceVersion=${api.resourceVersion}`);
    create(aPod('p'));
    await clock.advance(60_000);
    expect(probe.events).toMatchObject([
      { type: 'BOOKMARK', object: { kind: 'Node', metadata: { resourceVersion: api.resourceVersion } } },
    ]);
    expect(quiet.events).toEqual([]);
  });

  test('streams the initial list with a bookmark at its end', async () => {
    const { create, watch } = anApi();
    create(aNode('a'));
    const probe = await watch(`${NODES}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`);
    expect(probe.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(probe.events[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('answers a forgotten revision with an ERROR event, or with status 410', async () => {
    const { api, call, create, watch } = anApi();
    const from = api.resourceVersion;
    create(aNode('a'));
    api.faults.compact();
    const probe = await watch(`${NODES}&resourceVersion=${from}`);
    expect(probe.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
    expect(probe.ended()).toBe('end');
    api.faults.expiredWatchAnswer = 'status';
    expect(await call('GET', `${NODES}&resourceVersion=${from}`)).toMatchObject({ status: 410, body: { reason: 'Expired' } });
  });

  test('forgets the oldest changes of a busy resource', async () => {
    const { api, create, watch } = anApi({ historyLength: 3 });
    const from = api.resourceVersion;
    for (let at = 0; at < 10; at++) create(aNode(`n${String(at)}`));
    expect((await watch(`${NODES}&resourceVersion=${from}`)).events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    expect(seen(await watch(`${NODES}&resourceVersion=${String(Number(api.resourceVersion) - 2)}`))).toEqual(['ADDED n8', 'ADDED n9']);
  });

  test.each([
    { name: 'expireWatches ends all watches with 410', cut: 'expire' as const, last: 'ERROR', ended: 'end' },
    { name: 'dropWatches ends all watches', cut: 'end' as const, last: 'ADDED', ended: 'end' },
    {
      name: 'dropWatches can break the connections',
      cut: 'reset' as const,
      last: 'ADDED',
      ended: 'ConnectionReset: connection reset by peer',
    },
  ])('$name', async ({ cut, last, ended }) => {
    const { api, clock, create, watch } = anApi();
    create(aNode('a'));
    const from = api.resourceVersion;
    const probe = await watch(NODES);
    create(aNode('b'));
    if (cut === 'expire') api.expireWatches();
    else api.dropWatches(cut);
    await clock.settle();
    expect(probe.events.at(-1)?.type).toBe(last);
    expect(probe.ended()).toBe(ended);
    const again = await watch(`${NODES}&resourceVersion=${from}`);
    expect(again.events.map(({ type }) => type)).toEqual([cut === 'expire' ? 'ERROR' : 'ADDED']);
  });

  test('stops when the client disconnects', async () => {
    const { clock, create, watch } = anApi();
    const probe = await watch(NODES);
    probe.close();
    await clock.settle();
    create(aNode('a'));
    await clock.settle();
    expect(probe.events).toEqual([]);
    expect(probe.ended()).toBe('end');
  });
});

describe('in-process watch', () => {
  test('gets changes synchronously, and those that a listener makes after the present one', () => {
    const { api, create } = anApi();
    const first: string[] = [];
    const second: string[] = [];
    api.store.watch(NODE, ({ type, object }) => {
      first.push(`${type} ${object.metadata.name}`);
      if (type === 'ADDED') api.store.patch({ ...NODE, name: object.metadata.name }, { spec: { unschedulable: true } });
    });
    const stop = api.store.watch(NODE, ({ type, object }) => second.push(`${type} ${object.metadata.name}`));
    create(aNode('a'));
    expect(first).toEqual(['ADDED a', 'MODIFIED a']);
    expect(second).toEqual(['ADDED a', 'MODIFIED a']);
    stop();
    create(aReadyPod('p'));
    create(aNode('b'));
    expect(second).toHaveLength(2);
  });
});
