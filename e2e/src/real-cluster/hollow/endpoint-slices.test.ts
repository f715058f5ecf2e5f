import { describe, expect, test } from '@jest/globals';
import { readyEndpoints } from './endpoint-slices.ts';
import type { EndpointSlice } from './endpoint-slices.ts';

const aSlice = (more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { namespace: 'ours', labels: { 'kubernetes.io/service-name': 'server' } },
  ports: [{ port: 8443 }],
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
  ...more,
});

describe(readyEndpoints, () => {
  const one = { host: '10.0.0.1', port: 8443 };
  test.each<{ name: string; slices: EndpointSlice[]; expected: object[] }>([
    { name: 'a ready endpoint is one', slices: [aSlice()], expected: [one] },
    { name: 'what does not say is ready', slices: [aSlice({ endpoints: [{ addresses: ['10.0.0.1'] }] })], expected: [one] },
    {
      name: 'what is not ready is none',
      slices: [aSlice({ endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] })],
      expected: [],
    },
    {
      name: 'those of all slices count',
      slices: [aSlice(), aSlice({ endpoints: [{ addresses: ['10.0.0.2'] }] })],
      expected: [one, { ...one, host: '10.0.0.2' }],
    },
    { name: 'a slice without ports or endpoints has none', slices: [aSlice({ ports: null }), aSlice({ endpoints: null })], expected: [] },
    {
      name: 'another Service has its own',
      slices: [aSlice({ metadata: { namespace: 'ours', labels: { 'kubernetes.io/service-name': 'other' } } })],
      expected: [],
    },
    {
      name: 'another namespace has its own',
      slices: [aSlice({ metadata: { namespace: 'theirs', labels: { 'kubernetes.io/service-name': 'server' } } })],
      expected: [],
    },
  ])('$name', ({ slices, expected }) => {
    expect(readyEndpoints(slices, 'ours', 'server')).toEqual(expected);
  });
});
