import { describe, expect, test } from '@jest/globals';
import { ignoresCordon, selects, type DrainPod } from './pod.ts';

const aPod = (metadata: Partial<DrainPod['metadata']> = {}, spec: DrainPod['spec'] = {}): DrainPod => ({
  metadata: { name: 'web-0', namespace: 'shop', ...metadata },
  spec,
});

describe(selects, () => {
  const selector = { namespace: 'shop', labels: { app: 'web', tier: ['front', 'back'] } };
  test.each([
    { name: 'a pod with all labels', pod: aPod({ labels: { app: 'web', tier: 'back', other: 'x' } }), expected: true },
    { name: 'no pod with some of several labels', pod: aPod({ labels: { app: 'web' } }), expected: false },
    { name: 'no pod with another value of one of several labels', pod: aPod({ labels: { app: 'web', tier: 'side' } }), expected: false },
    { name: 'no pod without labels', pod: aPod(), expected: false },
    { name: 'no pod of another namespace', pod: aPod({ namespace: 'x', labels: { app: 'web', tier: 'back' } }), expected: false },
  ])('chooses $name', ({ pod, expected }) => {
    expect(selects(selector, pod)).toBe(expected);
  });
});

describe(ignoresCordon, () => {
  const key = 'node.kubernetes.io/unschedulable';
  const fields = (fieldsV1: unknown): Partial<DrainPod['metadata']> => ({ managedFields: [{}, { fieldsV1 }] });
  test.each<{ name: string; pod: DrainPod; expected: boolean }>([
    { name: 'tolerates everything', pod: aPod({}, { tolerations: [{ operator: 'Exists' }] }), expected: true },
    {
      name: 'tolerates every NoSchedule taint',
      pod: aPod({}, { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] }),
      expected: true,
    },
    {
      name: 'tolerates the taint of cordoned nodes',
      pod: aPod({}, { tolerations: [{ key, operator: 'Exists', effect: 'NoSchedule' }] }),
      expected: true,
    },
    { name: 'tolerates it by its empty value', pod: aPod({}, { tolerations: [{ key }] }), expected: true },
    { name: 'tolerates it with another value only', pod: aPod({}, { tolerations: [{ key, value: 'x' }] }), expected: false },
    {
      name: 'tolerates another effect of it',
      pod: aPod({}, { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] }),
      expected: false,
    },
    { name: 'tolerates another taint', pod: aPod({}, { tolerations: [{ key: 'gpu', operator: 'Exists' }] }), expected: false },
    { name: 'has an empty toleration that matches no taint', pod: aPod({}, { tolerations: [{}] }), expected: false },
    { name: 'was created with its nodeName', pod: aPod(fields({ 'f:spec': { 'f:nodeName': {} } })), expected: true },
    { name: 'was bound by a scheduler', pod: aPod(fields({ 'f:spec': { 'f:containers': {} } }), { nodeName: 'node-1' }), expected: false },
    { name: 'has unreadable managedFields', pod: aPod(fields('x')), expected: false },
  ])('a pod that $name: $expected', ({ pod, expected }) => {
    expect(ignoresCordon(pod)).toBe(expected);
  });
});
