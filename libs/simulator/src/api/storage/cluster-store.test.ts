import { describe, expect, test } from '@jest/globals';
import { aPod, aReadyPod, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import { omit } from '../types.ts';
import type { KubeObject, ObjectInput } from '../types.ts';

const PODS = { group: '', resource: 'pods' };
const POD = { ...PODS, namespace: 'default', name: 'p' };

describe('ClusterStore', () => {
  test('creates objects with their status, and returns them frozen', () => {
    const { api, create } = anApi();
    create(aReadyPod('p'));
    const pod = api.store.get(POD);
    expect(pod).toMatchObject({ status: { phase: 'Running' } });
    expect(Object.isFrozen(pod?.metadata.labels)).toBe(true);
  });

  test('shares nothing with the object that a caller passes', () => {
    const { api } = anApi();
    const labels = { app: 'web' };
    api.store.create({ ...aPod('p'), metadata: { name: 'p', namespace: 'default', labels } });
    const status = { phase: 'Running' };
    api.store.patch(POD, { status });
    labels.app = 'db';
    status.phase = 'Failed';
    expect(api.store.get(POD)).toMatchObject({ metadata: { labels: { app: 'web' } }, status: { phase: 'Running' } });
  });

  test('patches the whole object, or status alone', () => {
    const { api, create } = anApi();
    create(aPod('p'));
    api.store.patch(POD, { spec: { nodeName: 'n1' }, status: { phase: 'Running' } });
    api.store.patch(POD, { spec: { nodeName: 'n2' }, status: { phase: 'Failed' } }, { subresource: 'status' });
    expect(api.store.get(POD)).toMatchObject({ spec: { nodeName: 'n1' }, status: { phase: 'Failed' } });
  });

  test('updates without a resourceVersion, but not with a stale one', () => {
    const { api, create } = anApi();
    const first = create(aPod('p'));
    const metadata = omit(first.metadata, 'resourceVersion');
    api.store.update({ ...first, metadata: { ...metadata, labels: { a: 'b' } } });
    expect(() => api.store.update(first)).toThrow(/the object has been modified/);
    expect(api.store.get(POD)?.metadata.labels).toEqual({ a: 'b' });
  });

  test('lists by namespace and selector, in the order of names', () => {
    const { api, create } = anApi();
    for (const name of ['b', 'a']) create(aReadyPod(name));
    create({ ...aReadyPod('c'), metadata: { name: 'c', namespace: 'kube-system', labels: { app: 'db' } } });
    const names = (objects: KubeObject[]): string[] => objects.map(({ metadata }) => metadata.name);
    expect(names(api.store.list(PODS))).toEqual(['a', 'b', 'c']);
    expect(names(api.store.list(PODS, { namespace: 'kube-system' }))).toEqual(['c']);
    expect(names(api.store.list(PODS, { labelSelector: 'app=web' }))).toEqual(['a', 'b']);
    expect(names(api.store.list(PODS, { labelSelector: { matchLabels: { app: 'db' } } }))).toEqual(['c']);
  });

  test.each([
    {
      name: 'a kind that does not exist',
      object: { apiVersion: 'v9', kind: 'Thing', metadata: { name: 'x' } },
      why: /no matches for kind/,
    },
    { name: 'a version that is not stored', object: aWidget('w', { state: 'Idle' }, 'v1'), why: /Widget is stored as example.com\/v2/ },
    { name: 'a name that is taken', object: aPod('there'), why: /pods "there" already exists/ },
  ] satisfies { name: string; object: ObjectInput; why: RegExp }[])('refuses $name', ({ object, why }) => {
    const { create } = anApi();
    create(aWidgetDefinition());
    create(aPod('there'));
    expect(() => create(object)).toThrow(why);
  });

  test('throws for an object or a resource that does not exist', () => {
    const { api } = anApi();
    expect(api.store.get(POD)).toBeUndefined();
    expect(() => {
      api.store.delete(POD);
    }).toThrow('pods "p" not found');
    expect(() => api.store.list({ group: 'none', resource: 'none' })).toThrow('the server could not find the requested resource');
  });
});
