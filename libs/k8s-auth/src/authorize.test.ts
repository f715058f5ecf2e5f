import { describe, expect, test } from '@jest/globals';
import type { TokenReviewStatus } from '@brupop/kube-objects';
import { authorize, claimsOf, type AuthorizeInput } from './authorize.ts';

const expected = { namespace: 'brupop', serviceAccount: 'agent', audience: 'brupop-apiserver' };
const extras = { 'pod-name': ['agent-x'], 'pod-uid': ['pod-1'], 'node-name': ['node-1'], 'node-uid': ['uid-1'] };

function aReview(overrides: Partial<TokenReviewStatus> = {}, extra: Record<string, readonly string[] | undefined> = {}): TokenReviewStatus {
  const all: Readonly<Record<string, readonly string[] | undefined>> = { ...extras, ...extra };
  return {
    authenticated: true,
    audiences: ['brupop-apiserver'],
    user: {
      username: 'system:serviceaccount:brupop:agent',
      extra: Object.fromEntries(
        Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[`authentication.kubernetes.io/${key}`, value]])),
      ),
    },
    ...overrides,
  };
}

function anInput(overrides: Partial<AuthorizeInput> = {}): AuthorizeInput {
  return {
    review: aReview(),
    request: { nodeName: 'node-1', nodeUid: 'uid-1' },
    expected,
    pod: { metadata: { name: 'agent-x', namespace: 'brupop', uid: 'pod-1' }, spec: { nodeName: 'node-1' }, status: { phase: 'Running' } },
    node: { metadata: { name: 'node-1', uid: 'uid-1' } },
    ...overrides,
  };
}

const oldCluster = aReview({}, { 'node-name': undefined, 'node-uid': undefined });
const pod = (metadata: object, spec: object = { nodeName: 'node-1' }, phase = 'Running'): AuthorizeInput['pod'] => ({
  metadata: { name: 'agent-x', namespace: 'brupop', uid: 'pod-1', ...metadata },
  spec,
  status: { phase },
});

describe(authorize, () => {
  test.each([
    { name: 'accepts the agent of the node', input: anInput() },
    { name: 'accepts a request without a node UID', input: anInput({ request: { nodeName: 'node-1' } }) },
    { name: 'uses the node of the pod where the cluster does not add nodes to tokens', input: anInput({ review: oldCluster }) },
    {
      name: 'accepts a terminating agent',
      input: anInput({ pod: pod({ deletionTimestamp: '2026-01-05T00:00:00Z' }) }),
    },
    { name: 'accepts additional audiences', input: anInput({ review: aReview({ audiences: ['other', 'brupop-apiserver'] }) }) },
  ])('$name', ({ input }) => {
    expect(authorize(input)).toEqual({ ok: true, node: { name: 'node-1', uid: 'uid-1' }, pod: { name: 'agent-x', uid: 'pod-1' } });
  });

  test.each([
    {
      name: 'a token that is not authenticated',
      input: { review: aReview({ authenticated: false }) },
      status: 401,
      code: 'TOKEN_REJECTED',
    },
    { name: 'an empty review', input: { review: {} }, status: 401, code: 'TOKEN_REJECTED' },
    { name: 'a token for another audience', input: { review: aReview({ audiences: ['vault'] }) }, status: 401, code: 'AUDIENCE_MISMATCH' },
    {
      name: 'a token whose audience was not checked',
      input: { review: { authenticated: true, user: { username: 'system:serviceaccount:brupop:agent' } } },
      status: 401,
      code: 'AUDIENCE_MISMATCH',
    },
    {
      name: 'a ServiceAccount of the same name in another namespace, with a pod named like an agent',
      input: { review: aReview({ user: { username: 'system:serviceaccount:evil:agent', extra: aReview().user?.extra ?? {} } }) },
      status: 403,
      code: 'SERVICE_ACCOUNT_MISMATCH',
    },
    {
      name: 'another ServiceAccount in our namespace',
      input: { review: aReview({ user: { username: 'system:serviceaccount:brupop:agent-2', extra: aReview().user?.extra ?? {} } }) },
      status: 403,
      code: 'SERVICE_ACCOUNT_MISMATCH',
    },
    {
      name: 'a token without a pod name',
      input: { review: aReview({}, { 'pod-name': undefined }) },
      status: 403,
      code: 'POD_CLAIM_MISSING',
    },
    { name: 'a token without a pod UID', input: { review: aReview({}, { 'pod-uid': undefined }) }, status: 403, code: 'POD_CLAIM_MISSING' },
    {
      name: 'a token of two pods',
      input: { review: aReview({}, { 'pod-name': ['agent-x', 'agent-y'] }) },
      status: 403,
      code: 'POD_CLAIM_MISSING',
    },
    { name: 'a token of a deleted pod', input: { pod: undefined }, status: 403, code: 'POD_UNKNOWN' },
    { name: 'a lookup that found another pod', input: { pod: pod({ name: 'agent-y' }) }, status: 403, code: 'POD_UNKNOWN' },
    { name: 'a pod in another namespace', input: { pod: pod({ namespace: 'evil' }) }, status: 403, code: 'POD_UNKNOWN' },
    { name: 'a token of an earlier pod of the same name', input: { pod: pod({ uid: 'pod-2' }) }, status: 403, code: 'POD_UID_MISMATCH' },
    { name: 'a pod without UID', input: { pod: pod({ uid: undefined }) }, status: 403, code: 'POD_UID_MISMATCH' },
    { name: 'a pod that has failed', input: { pod: pod({}, { nodeName: 'node-1' }, 'Failed') }, status: 403, code: 'POD_NOT_LIVE' },
    { name: 'a pod that has succeeded', input: { pod: pod({}, { nodeName: 'node-1' }, 'Succeeded') }, status: 403, code: 'POD_NOT_LIVE' },
    { name: 'a request for another node', input: { request: { nodeName: 'node-2' } }, status: 403, code: 'NODE_MISMATCH' },
    { name: 'a claim and a pod that disagree', input: { pod: pod({}, { nodeName: 'node-2' }) }, status: 403, code: 'NODE_MISMATCH' },
    {
      name: 'a claim that names another node than pod and request',
      input: { review: aReview({}, { 'node-name': ['node-2'] }) },
      status: 403,
      code: 'NODE_MISMATCH',
    },
    { name: 'an unscheduled pod', input: { review: oldCluster, pod: pod({}, {}) }, status: 403, code: 'NODE_MISMATCH' },
    { name: 'a deleted node', input: { node: undefined }, status: 403, code: 'NODE_UNKNOWN' },
    { name: 'a node without UID', input: { node: { metadata: { name: 'node-1' } } }, status: 403, code: 'NODE_UNKNOWN' },
    {
      name: 'a token of an earlier node of the same name',
      input: { review: aReview({}, { 'node-uid': ['uid-0'] }) },
      status: 403,
      code: 'NODE_UID_MISMATCH',
    },
    {
      name: 'a request for an earlier node of the same name',
      input: { request: { nodeName: 'node-1', nodeUid: 'uid-0' } },
      status: 403,
      code: 'NODE_UID_MISMATCH',
    },
  ])('denies $name', ({ input, status, code }) => {
    expect(authorize(anInput(input as Partial<AuthorizeInput>))).toMatchObject({ ok: false, status, code });
  });
});

describe(claimsOf, () => {
  test('counts an empty or repeated claim as absent', () => {
    expect(claimsOf(aReview({}, { 'node-name': [''], 'node-uid': ['a', 'b'], 'pod-uid': [] }))).toEqual({ podName: 'agent-x' });
  });
});
