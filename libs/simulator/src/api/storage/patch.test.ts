import { describe, expect, test } from '@jest/globals';
import { aNode, aWidget, aWidgetDefinition, anApi, WIDGETS } from '../api-fixture.ts';
import { applyJsonPatch, applyMergePatch } from './patch.ts';
import { StatusError } from '../http/status.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

describe(applyMergePatch, () => {
  // The cases of RFC 7386, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched with %j is %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });
});

describe(applyJsonPatch, () => {
  const document = { a: { 'x/y': 1 }, list: ['p', 'q'] };
  test.each([
    { name: 'adds to an object', patch: [{ op: 'add', path: '/b', value: 2 }], result: { ...document, b: 2 } },
    { name: 'inserts into a list', patch: [{ op: 'add', path: '/list/1', value: 'n' }], result: { ...document, list: ['p', 'n', 'q'] } },
    { name: 'appends to a list', patch: [{ op: 'add', path: '/list/-', value: 'n' }], result: { ...document, list: ['p', 'q', 'n'] } },
    { name: 'replaces in a list', patch: [{ op: 'replace', path: '/list/0', value: 'n' }], result: { ...document, list: ['n', 'q'] } },
    { name: 'removes an escaped key', patch: [{ op: 'remove', path: '/a/x~1y' }], result: { a: {}, list: ['p', 'q'] } },
    { name: 'moves', patch: [{ op: 'move', from: '/list/0', path: '/first' }], result: { a: document.a, list: ['q'], first: 'p' } },
    { name: 'copies', patch: [{ op: 'copy', from: '/a', path: '/b' }], result: { ...document, b: document.a } },
    { name: 'passes a successful test', patch: [{ op: 'test', path: '/list', value: ['p', 'q'] }], result: document },
    { name: 'treats absent as null in a test', patch: [{ op: 'test', path: '/none', value: null }], result: document },
  ])('$name', ({ patch, result }) => {
    expect(applyJsonPatch(document, patch)).toEqual(result);
  });

  test.each([
    { name: 'a test that fails', patch: [{ op: 'test', path: '/list/0', value: 'q' }] },
    { name: 'removal of what is absent', patch: [{ op: 'remove', path: '/none' }] },
    { name: 'replacement of what is absent', patch: [{ op: 'replace', path: '/none', value: 1 }] },
    { name: 'an index beyond the end', patch: [{ op: 'add', path: '/list/9', value: 1 }] },
    { name: 'an unknown operation', patch: [{ op: 'spin', path: '/list' }] },
  ])('rejects $name', ({ patch }) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(StatusError);
  });
});

describe(applyStrategicMerge, () => {
  test.each([
    {
      name: 'merges conditions by type',
      target: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Disk', status: 'False' },
        ],
      },
      patch: { conditions: [{ type: 'Ready', status: 'True' }] },
      result: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Disk', status: 'False' },
        ],
      },
    },
    {
      name: 'merges containers by name, and their ports by containerPort',
      target: { containers: [{ name: 'a', image: '1', ports: [{ containerPort: 80 }] }] },
      patch: { containers: [{ name: 'a', ports: [{ containerPort: 81 }] }, { name: 'b' }] },
      result: { containers: [{ name: 'a', image: '1', ports: [{ containerPort: 80 }, { containerPort: 81 }] }, { name: 'b' }] },
    },
    {
      name: 'deletes an element by directive',
      target: { addresses: [{ type: 'InternalIP' }, { type: 'Hostname' }] },
      patch: { addresses: [{ type: 'Hostname', $patch: 'delete' }] },
      result: { addresses: [{ type: 'InternalIP' }] },
    },
    {
      name: 'replaces a list by directive',
      target: { addresses: [{ type: 'InternalIP', address: '1' }, { type: 'Hostname' }] },
      patch: { addresses: [{ $patch: 'replace' }, { type: 'InternalIP', address: '2' }] },
      result: { addresses: [{ type: 'InternalIP', address: '2' }] },
    },
    {
      name: 'replaces a map by directive',
      target: { selector: { a: 1 } },
      patch: { selector: { $patch: 'replace', b: 2 } },
      result: { selector: { b: 2 } },
    },
    {
      name: 'replaces other lists whole',
      target: { taints: [{ key: 'a' }] },
      patch: { taints: [{ key: 'b' }] },
      result: { taints: [{ key: 'b' }] },
    },
    { name: 'joins finalizers', target: { finalizers: ['a'] }, patch: { finalizers: ['b'] }, result: { finalizers: ['a', 'b'] } },
    {
      name: 'deletes from a primitive list',
      target: { finalizers: ['a', 'b'] },
      patch: { '$deleteFromPrimitiveList/finalizers': ['a'] },
      result: { finalizers: ['b'] },
    },
    {
      name: 'reorders by directive',
      target: { containers: [{ name: 'a' }] },
      patch: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b' }] },
      result: { containers: [{ name: 'b' }, { name: 'a' }] },
    },
    {
      name: 'retains only the keys named',
      target: { strategy: { a: 1, b: 2 } },
      patch: { strategy: { $retainKeys: ['b'], b: 3 } },
      result: { strategy: { b: 3 } },
    },
    { name: 'removes nulls', target: { a: 1, b: 2 }, patch: { a: null }, result: { b: 2 } },
  ])('$name', ({ target, patch, result }) => {
    expect(applyStrategicMerge(target, patch)).toEqual(result);
  });
});

describe('PATCH', () => {
  const merge = { contentType: 'application/merge-patch+json' };

  test('checks a resourceVersion in the patch', async () => {
    const { call, create } = anApi();
    const { metadata } = create(aNode('n1'));
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { unschedulable: true } };
    expect((await call('PATCH', '/api/v1/nodes/n1', patch, merge)).status).toBe(200);
    expect(await call('PATCH', '/api/v1/nodes/n1', patch, merge)).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
  });

  test('checks a uid in the patch', async () => {
    const { call, create } = anApi();
    const { metadata } = create(aNode('n1'));
    expect((await call('PATCH', '/api/v1/nodes/n1', { metadata: { uid: metadata.uid } }, merge)).status).toBe(200);
    expect(await call('PATCH', '/api/v1/nodes/n1', { metadata: { uid: 'other' } }, merge)).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', message: 'Node "n1" is invalid: metadata.uid: Invalid value: "other": field is immutable' },
    });
  });

  test('rejects the strategic form for custom resources', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    create(aWidget('w'));
    expect((await call('PATCH', `${WIDGETS}/w`, {}, { contentType: 'application/strategic-merge-patch+json' })).status).toBe(415);
    expect((await call('PATCH', `${WIDGETS}/w`, {}, { contentType: 'text/json' })).status).toBe(415);
  });

  test('applies on the server: creates a missing object, merges into an existing one', async () => {
    const { call } = anApi();
    const apply = { contentType: 'application/apply-patch+yaml' };
    const body = (data: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data });
    const path = '/api/v1/namespaces/default/configmaps/c?fieldManager=me';
    expect((await call('PATCH', path, body({ a: '1' }), apply)).status).toBe(201);
    expect(await call('PATCH', path, body({ b: '2' }), apply)).toMatchObject({ status: 200, body: { data: { a: '1', b: '2' } } });
  });

  test('of a missing object is 404', async () => {
    const { call } = anApi();
    expect((await call('PATCH', '/api/v1/nodes/n1', {}, merge)).status).toBe(404);
  });
});
