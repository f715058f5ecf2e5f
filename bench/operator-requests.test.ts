import { describe, expect, test } from '@jest/globals';
import { beyondRest, breakdown, componentOf, componentOfUser, isOfCluster } from './operator-requests.ts';
import type { OperatorRequest } from './operator-requests.ts';

const aRequest = (more: Partial<OperatorRequest> = {}): OperatorRequest => ({
  component: 'apiserver',
  verb: 'patch',
  resource: 'nodes',
  subresource: '',
  namespace: '',
  name: '',
  ...more,
});
const aReview = aRequest({ verb: 'create', resource: 'tokenreviews' });

describe(componentOf, () => {
  test.each([
    { account: 'brupop-agent-service-account', expected: 'agent' },
    { account: 'brupop-controller-service-account', expected: 'controller' },
    { account: 'default', expected: undefined },
  ])('$account is $expected', ({ account, expected }) => {
    expect(componentOf(account)).toBe(expected);
    expect(componentOfUser(`system:serviceaccount:brupop-bottlerocket-aws:${account}`)).toBe(expected);
    expect(componentOfUser(`system:serviceaccount:other:${account}`)).toBeUndefined();
  });
});

describe(isOfCluster, () => {
  test.each<{ name: string; request: Partial<OperatorRequest>; expected: boolean }>([
    { name: 'a renewal of the Lease', request: { verb: 'update', resource: 'leases' }, expected: true },
    { name: 'the watch of a cache', request: { verb: 'watch', resource: 'nodes' }, expected: true },
    { name: "the watch of the operator's own pods", request: { verb: 'watch', resource: 'pods', namespace: 'ours' }, expected: true },
    { name: 'the watch of a drain', request: { verb: 'watch', resource: 'pods' }, expected: false },
    { name: 'a patch of a Node', request: {}, expected: false },
  ])('$name: $expected', ({ request, expected }) => {
    expect(isOfCluster(aRequest(request))).toBe(expected);
  });
});

describe(beyondRest, () => {
  test.each([
    { name: 'the requests of the same time of rest are excluded', perHour: 4, hours: 0.5, expected: 1 },
    { name: 'the result is not negative', perHour: 40, hours: 1, expected: 0 },
    { name: 'no time of rest excludes nothing', perHour: 4, hours: 0, expected: 3 },
  ])('$name', ({ perHour, hours, expected }) => {
    const left = beyondRest([aRequest(), aReview, aReview, aReview], perHour, hours);
    expect(left.filter(({ resource }) => resource === 'tokenreviews')).toHaveLength(expected);
    expect(left).toContainEqual(aRequest());
  });
});

test('a breakdown shows the share of each kind, the most frequent first', () => {
  const evictions = Array.from({ length: 6 }, () => aRequest({ verb: 'create', resource: 'pods', subresource: 'eviction' }));
  expect(breakdown('per update', [aRequest(), aRequest(), ...evictions], 2)).toEqual([
    { what: '– apiserver create pods/eviction, per update', unit: '', ours: [3] },
    { what: '– apiserver patch nodes, per update', unit: '', ours: [1] },
  ]);
});
