import { describe, expect, test } from '@jest/globals';
import { PODS, aNode, aPod, aReadyPod, anApi, itemNames } from '../api-fixture.ts';
import { labelMatcher, matchesLabelSelector } from './selectors.ts';
import type { KubeObject } from '../types.ts';

const labelled = (labels: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: '', resourceVersion: '', creationTimestamp: '', labels },
});

describe(labelMatcher, () => {
  test.each([
    ['', { app: 'web' }, true],
    ['app=web', { app: 'web' }, true],
    ['app==web', { app: 'db' }, false],
    ['app!=web', { app: 'db' }, true],
    ['app!=web', {}, true],
    ['app', { app: 'web' }, true],
    ['!app', { app: 'web' }, false],
    ['app in (web, db)', { app: 'db' }, true],
    ['app notin (web, db)', {}, true],
    ['app notin (web),tier=x', { app: 'web', tier: 'x' }, false],
    ['example.com/app=web,tier in (a,b)', { 'example.com/app': 'web', tier: 'b' }, true],
    ['app=', { app: '' }, true],
  ])('%j on %j is %j', (selector, labels, result) => {
    expect(labelMatcher(selector)(labelled(labels))).toBe(result);
  });

  test.each(['a b', 'in (x)', '=x'])('rejects %j', (selector) => {
    expect(() => labelMatcher(selector)).toThrow(/unable to parse requirement/);
  });
});

describe(matchesLabelSelector, () => {
  test.each([
    { name: 'none matches nothing', selector: undefined, labels: {}, result: false },
    { name: 'an empty one matches everything', selector: {}, labels: {}, result: true },
    { name: 'all labels must match', selector: { matchLabels: { a: '1', b: '2' } }, labels: { a: '1' }, result: false },
    { name: 'In', selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] }, labels: { a: '1' }, result: true },
    {
      name: 'NotIn matches an absent label',
      selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      labels: {},
      result: true,
    },
    { name: 'Exists', selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, labels: {}, result: false },
    { name: 'DoesNotExist', selector: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, labels: {}, result: true },
  ])('$name', ({ selector, labels, result }) => {
    expect(matchesLabelSelector(selector, labels)).toBe(result);
  });
});

describe('selectors of a list', () => {
  test.each([
    { query: 'fieldSelector=spec.nodeName%3Dn1', names: ['a', 'b'] },
    { query: 'fieldSelector=spec.nodeName%3Dn1,metadata.name!%3Da', names: ['b'] },
    { query: 'fieldSelector=spec.nodeName%3D', names: ['c'] },
    { query: 'fieldSelector=status.phase%3DPending', names: ['c'] },
    { query: 'fieldSelector=metadata.namespace%3Dother', names: [] },
    { query: 'labelSelector=app%3Dweb&fieldSelector=metadata.name%3Da', names: ['a'] },
  ])('$query', async ({ query, names }) => {
    const { call, create } = anApi();
    create(aReadyPod('a'));
    create(aReadyPod('b', 'n1', { app: 'db' }));
    create(aPod('c'));
    expect(itemNames(await call('GET', `${PODS}?${query}`))).toEqual(names);
  });

  test('treat absent booleans as false', async () => {
    const { call, create } = anApi();
    create(aNode('a'));
    create(aNode('b', { spec: { unschedulable: true } }));
    expect(itemNames(await call('GET', '/api/v1/nodes?fieldSelector=spec.unschedulable=false'))).toEqual(['a']);
  });

  test('reject a field that the resource does not support', async () => {
    const { call } = anApi();
    const { status, body } = await call('GET', '/api/v1/nodes?fieldSelector=spec.nodeName=x');
    expect(status).toBe(400);
    expect(body['message']).toBe('field label not supported: spec.nodeName');
  });
});
