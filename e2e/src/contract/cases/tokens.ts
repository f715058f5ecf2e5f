import type { ContractCase } from '../contract-case.ts';
import { aPod, configMaps, pods, refusal } from '../objects.ts';
import type { Answer, Json, World } from '../world.ts';

const AUDIENCE = 'contract';

/** A token as a kubelet requests it: bound to a pod, for one audience. */
async function tokenOf(world: World, pod: Json, audiences: readonly string[] = [AUDIENCE]): Promise<string> {
  const { name, uid } = pod.metadata;
  const { body } = await world.ask('POST', `/api/v1/namespaces/${world.namespace}/serviceaccounts/default/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences, expirationSeconds: 3600, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
  });
  return body.status.token as string;
}

const review = (world: World, token: string, audiences?: readonly string[]): Promise<Answer> =>
  world.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, ...(audiences === undefined ? {} : { audiences }) },
  });

async function makeNodeAndPod(world: World): Promise<{ pod: Json; node: Json }> {
  const { body: node } = await world.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: world.namespace } });
  const { body: pod } = await world.ask('POST', pods(world), aPod('p', {}, { nodeName: world.namespace }));
  return { pod, node };
}

const removeNode = (world: World): Promise<Answer> => world.ask('DELETE', `/api/v1/nodes/${world.namespace}`);

export const TOKENS: readonly ContractCase[] = [
  {
    name: 'a review names the ServiceAccount, the pod and the node that a token is bound to',
    observe: async (world) => {
      const { pod, node } = await makeNodeAndPod(world);
      const { status, body } = await review(world, await tokenOf(world, pod), [AUDIENCE]);
      await removeNode(world);
      const { user, authenticated, audiences } = body.status;
      const claim = (name: string): unknown => user.extra[`authentication.kubernetes.io/${name}`]?.[0];
      return [
        status,
        authenticated,
        audiences,
        user.username === `system:serviceaccount:${world.namespace}:default`,
        user.groups.map((group: string) => group.replace(world.namespace, 'NAMESPACE')),
        claim('pod-name'),
        claim('pod-uid') === pod.metadata.uid,
        claim('node-name') === world.namespace,
        claim('node-uid') === node.metadata.uid,
      ];
    },
    expected: [
      201,
      true,
      [AUDIENCE],
      true,
      ['system:serviceaccounts', 'system:serviceaccounts:NAMESPACE', 'system:authenticated'],
      'p',
      true,
      true,
      true,
    ],
  },
  {
    name: 'a token for one audience is invalid for another, and for the API itself',
    observe: async (world) => {
      const { pod } = await makeNodeAndPod(world);
      const token = await tokenOf(world, pod);
      await removeNode(world);
      const reviewed = await review(world, token, ['another']);
      const itself = await review(world, token);
      return [
        reviewed.body.status.authenticated ?? false,
        itself.body.status.authenticated ?? false,
        (await world.ask('GET', configMaps(world), undefined, { token })).status,
      ];
    },
    expected: [false, false, 401],
  },
  {
    name: 'a token is invalid after its pod is deleted',
    observe: async (world) => {
      const { pod } = await makeNodeAndPod(world);
      const token = await tokenOf(world, pod);
      await world.ask('DELETE', `${pods(world)}/p?gracePeriodSeconds=0`);
      await removeNode(world);
      return world.until(async () =>
        (await review(world, token, [AUDIENCE])).body.status.authenticated === true ? undefined : 'rejected',
      );
    },
    expected: 'rejected',
  },
  {
    name: 'no token is issued for a pod with another uid',
    observe: async (world) => {
      const { pod } = await makeNodeAndPod(world);
      await removeNode(world);
      const { status } = await world.ask('POST', `/api/v1/namespaces/${world.namespace}/serviceaccounts/default/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: [AUDIENCE],
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: '00000000-0000-4000-8000-000000000000' },
        },
      });
      return status;
    },
    expected: 409,
  },
  {
    name: 'garbage is not authenticated, and its review is not an error',
    observe: async (world) => {
      const { status, body } = await review(world, 'not.a.token', [AUDIENCE]);
      return [status, body.status.authenticated ?? false, typeof body.status.error];
    },
    expected: [201, false, 'string'],
  },
  {
    name: 'a ServiceAccount without permission is Forbidden, by name',
    observe: async (world) => {
      const { body } = await world.ask('POST', `/api/v1/namespaces/${world.namespace}/serviceaccounts/default/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      });
      const answer = await world.ask('GET', configMaps(world), undefined, { token: body.status.token as string });
      return JSON.parse(JSON.stringify(refusal(answer)).replaceAll(world.namespace, 'NAMESPACE')) as unknown;
    },
    expected: {
      status: 403,
      reason: 'Forbidden',
      message:
        'configmaps is forbidden: User "system:serviceaccount:NAMESPACE:default" cannot list resource "configmaps" in API group "" in the namespace "NAMESPACE"',
    },
  },
];
