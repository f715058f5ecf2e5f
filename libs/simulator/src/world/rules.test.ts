import { describe, expect, test } from '@jest/globals';
import { desiredHealthy } from './disruption-controller.ts';
import type { NodeObject, PodSpec } from './objects.ts';
import { placeOf, keyOf } from './objects.ts';
import { chooseNode, fits } from './scheduler.ts';

const aNode = (
  changes: { spec?: NodeObject['spec']; labels?: Record<string, string>; ready?: string; name?: string } = {},
): NodeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: changes.name ?? 'n1', labels: { disk: 'ssd', cores: '4', ...changes.labels } },
  spec: changes.spec ?? {},
  status: { conditions: [{ type: 'Ready', status: changes.ready ?? 'True' }] },
});

const required = (key: string, operator: string, values: string[] = []): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }] },
    },
  },
});

describe(fits, () => {
  test.each<{ name: string; spec: Partial<PodSpec>; node: NodeObject; expected: boolean }>([
    { name: 'a plain pod on a plain node', spec: {}, node: aNode(), expected: true },
    { name: 'a plain pod on a cordoned node', spec: {}, node: aNode({ spec: { unschedulable: true } }), expected: false },
    { name: 'a plain pod on a node that is not ready', spec: {}, node: aNode({ ready: 'Unknown' }), expected: false },
    {
      name: 'a pod that tolerates everything on a cordoned node',
      spec: { tolerations: [{ operator: 'Exists' }] },
      node: aNode({ spec: { unschedulable: true } }),
      expected: true,
    },
    {
      name: 'a pod that tolerates cordons on a cordoned node',
      spec: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] },
      node: aNode({ spec: { unschedulable: true } }),
      expected: true,
    },
    {
      name: 'a pod that tolerates another value of a taint',
      spec: { tolerations: [{ key: 'team', value: 'b' }] },
      node: aNode({ spec: { taints: [{ key: 'team', value: 'a', effect: 'NoSchedule' }] } }),
      expected: false,
    },
    {
      name: 'a plain pod on a node with only a PreferNoSchedule taint',
      spec: {},
      node: aNode({ spec: { taints: [{ key: 'team', effect: 'PreferNoSchedule' }] } }),
      expected: true,
    },
    { name: 'a pod with a matching node selector', spec: { nodeSelector: { disk: 'ssd' } }, node: aNode(), expected: true },
    { name: 'a pod with a node selector that does not match', spec: { nodeSelector: { disk: 'hdd' } }, node: aNode(), expected: false },
    { name: 'a matching affinity In', spec: required('disk', 'In', ['ssd', 'nvme']), node: aNode(), expected: true },
    { name: 'an affinity NotIn that does not match', spec: required('disk', 'NotIn', ['ssd']), node: aNode(), expected: false },
    { name: 'a matching affinity Exists', spec: required('disk', 'Exists'), node: aNode(), expected: true },
    { name: 'an affinity DoesNotExist that does not match', spec: required('disk', 'DoesNotExist'), node: aNode(), expected: false },
    { name: 'a matching affinity Gt', spec: required('cores', 'Gt', ['2']), node: aNode(), expected: true },
    { name: 'an affinity Lt that does not match', spec: required('cores', 'Lt', ['2']), node: aNode(), expected: false },
    { name: 'an affinity with an unknown operator', spec: required('cores', 'Near', ['2']), node: aNode(), expected: false },
  ])('$name: $expected', ({ spec, node, expected }) => {
    expect(fits({ containers: [], ...spec }, node)).toBe(expected);
  });
});

describe(chooseNode, () => {
  type Load = Parameters<typeof chooseNode>[1][number];
  const load = (name: string, siblings: number, pods: number, taint?: string): Load => ({
    node: aNode({ name, spec: taint === undefined ? {} : { taints: [{ key: taint, effect: 'PreferNoSchedule' }] } }),
    siblings,
    pods,
  });

  test.each([
    { name: 'the node without a PreferNoSchedule taint', loads: [load('a', 0, 0, 'x'), load('b', 1, 9)], chosen: 'b' },
    { name: 'one with such a taint, where there is no other', loads: [load('a', 1, 9, 'x')], chosen: 'a' },
    { name: 'one with a tolerated taint, like any other', loads: [load('a', 0, 0, 'mine'), load('b', 1, 0)], chosen: 'a' },
    { name: 'the node with the fewest siblings', loads: [load('a', 1, 0), load('b', 0, 9)], chosen: 'b' },
    { name: 'then the one with the fewest pods', loads: [load('a', 1, 5), load('b', 1, 4)], chosen: 'b' },
    { name: 'then the first by name', loads: [load('b', 0, 0), load('a', 0, 0)], chosen: 'a' },
    { name: 'none if there is none', loads: [], chosen: undefined },
  ])('chooses $name', ({ loads, chosen }) => {
    expect(chooseNode({ containers: [], tolerations: [{ key: 'mine', operator: 'Exists' }] }, loads)).toBe(chosen);
  });
});

describe(desiredHealthy, () => {
  test.each([
    { spec: { maxUnavailable: 1 }, expected: 4, healthy: 3 },
    { spec: { maxUnavailable: '25%' }, expected: 5, healthy: 3 },
    { spec: { maxUnavailable: 9 }, expected: 4, healthy: 0 },
    { spec: { minAvailable: 2 }, expected: 4, healthy: 2 },
    { spec: { minAvailable: '50%' }, expected: 5, healthy: 3 },
    { spec: {}, expected: 4, healthy: 1 },
  ])('$spec of $expected pods requires $healthy healthy', ({ spec, expected, healthy }) => {
    expect(desiredHealthy(spec, expected)).toBe(healthy);
  });
});

describe(placeOf, () => {
  test.each([{ namespace: 'default', name: 'web' }, { name: 'node-1' }])('inverts keyOf of %j', (place) => {
    expect(placeOf(keyOf(place))).toEqual(place);
  });
});
