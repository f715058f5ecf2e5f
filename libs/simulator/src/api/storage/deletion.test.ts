import { describe, expect, test } from '@jest/globals';
import { PODS, WIDGETS, aPod, aReadyPod, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import { valueAt } from '../types.ts';

const MERGE = { contentType: 'application/merge-patch+json' };

describe('delete', () => {
  test('removes an object without finalizers immediately, and answers Success', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    const { metadata } = create(aWidget('w'));
    expect(await call('DELETE', `${WIDGETS}/w`)).toMatchObject({
      status: 200,
      body: { kind: 'Status', status: 'Success', details: { name: 'w', uid: metadata.uid } },
    });
    expect((await call('DELETE', `${WIDGETS}/w`)).status).toBe(404);
  });

  test('lets a pod on a node terminate for its grace period', async () => {
    const { call, create } = anApi();
    create(aReadyPod('p'));
    const { body } = await call('DELETE', `${PODS}/p`, { gracePeriodSeconds: 20 });
    expect(body['metadata']).toMatchObject({ deletionTimestamp: '2026-01-05T00:00:20Z', deletionGracePeriodSeconds: 20 });
    await call('DELETE', `${PODS}/p`);
    expect(valueAt((await call('GET', `${PODS}/p`)).body, 'metadata.deletionGracePeriodSeconds')).toBe(20);
    await call('DELETE', `${PODS}/p?gracePeriodSeconds=0`);
    expect((await call('GET', `${PODS}/p`)).status).toBe(404);
  });

  test.each([
    { name: 'that has no node', pod: aPod('p') },
    { name: 'that has finished', pod: aPod('p', { spec: { nodeName: 'n1' }, status: { phase: 'Succeeded' } }) },
  ])('removes a pod $name immediately', async ({ pod }) => {
    const { call, create } = anApi();
    create(pod);
    await call('DELETE', `${PODS}/p`);
    expect((await call('GET', `${PODS}/p`)).status).toBe(404);
  });

  test('waits for finalizers, and accepts no new ones meanwhile', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    create({ ...aWidget('w'), metadata: { name: 'w', namespace: 'default', finalizers: ['a/b'] } });
    const { body } = await call('DELETE', `${WIDGETS}/w`);
    expect(body['metadata']).toMatchObject({ deletionTimestamp: '2026-01-05T00:00:00Z', generation: 2, finalizers: ['a/b'] });
    expect((await call('PATCH', `${WIDGETS}/w`, { metadata: { finalizers: ['a/b', 'c/d'] } }, MERGE)).status).toBe(422);
    await call('PATCH', `${WIDGETS}/w`, { metadata: { finalizers: null } }, MERGE);
    expect((await call('GET', `${WIDGETS}/w`)).status).toBe(404);
  });

  test.each([
    { name: 'uid', preconditions: { uid: 'other' }, message: /Precondition failed: UID in precondition: other, UID in object meta: / },
    {
      name: 'resourceVersion',
      preconditions: { resourceVersion: '1' },
      message: /Precondition failed: ResourceVersion in precondition: 1, /,
    },
  ])('rejects an unexpected $name', async ({ preconditions, message }) => {
    const { call, create } = anApi();
    create(aReadyPod('p'));
    const { status, body } = await call('DELETE', `${PODS}/p`, { preconditions });
    expect(status).toBe(409);
    expect(body['message']).toMatch(message);
  });

  test('of a collection respects selectors', async () => {
    const { api, call, create } = anApi();
    create(aPod('a', { metadata: { labels: { app: 'x' } } }));
    create(aPod('b', { metadata: { labels: { app: 'y' } } }));
    expect((await call('DELETE', `${PODS}?labelSelector=app%3Dx`)).status).toBe(200);
    expect(api.store.list({ group: '', resource: 'pods' }).map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});
