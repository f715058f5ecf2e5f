import { describe, expect, test } from '@jest/globals';
import { readyPods } from './endpoint-slices.ts';
import type { EndpointSlice } from './endpoint-slices.ts';

const OURS = { namespace: 'ours', labels: { 'kubernetes.io/service-name': 'server' } };

const aSlice = (more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: OURS,
  endpoints: [{ conditions: { ready: true }, targetRef: { uid: 'a' } }],
  ...more,
});

describe(readyPods, () => {
  test.each<{ name: string; slices: EndpointSlice[]; expected: string[] }>([
    { name: 'a ready endpoint is one', slices: [aSlice()], expected: ['a'] },
    { name: 'an endpoint without a condition is ready', slices: [aSlice({ endpoints: [{ targetRef: { uid: 'a' } }] })], expected: ['a'] },
    {
      name: 'what is not ready is none',
      slices: [aSlice({ endpoints: [{ conditions: { ready: false }, targetRef: { uid: 'a' } }] })],
      expected: [],
    },
    { name: 'those of all slices count', slices: [aSlice(), aSlice({ endpoints: [{ targetRef: { uid: 'b' } }] })], expected: ['a', 'b'] },
    {
      name: 'a slice without endpoints has none, nor an endpoint that is no pod',
      slices: [aSlice({ endpoints: null }), aSlice({ endpoints: [{}] })],
      expected: [],
    },
    {
      name: 'another Service has its own',
      slices: [aSlice({ metadata: { ...OURS, labels: { 'kubernetes.io/service-name': 'other' } } })],
      expected: [],
    },
    { name: 'another namespace has its own', slices: [aSlice({ metadata: { ...OURS, namespace: 'theirs' } })], expected: [] },
  ])('$name', ({ slices, expected }) => {
    expect(readyPods(slices, 'ours', 'server')).toEqual(expected);
  });
});
