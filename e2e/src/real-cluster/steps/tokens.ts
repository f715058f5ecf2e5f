import { deepEqual, equal, ok } from 'node:assert/strict';
import { request } from 'node:https';
import { HEADERS, ROUTES } from '@brupop/agent-api';
import {
  AGENT_COMPONENT,
  AGENT_SERVICE_ACCOUNT,
  APISERVER_COMPONENT,
  APISERVER_SERVICE,
  CLIENT_CERTIFICATE,
  CONTROLLER_SERVICE_ACCOUNT,
  DEFAULT_NAMESPACE,
  TOKEN_AUDIENCE,
} from '@brupop/crd-models';
import { SANDBOX_IMAGE } from '../cluster/node-config.ts';
import type { KubeApi } from '../kube-api.ts';
import { podsOf } from '../operator.ts';
import type { PodJson } from '../operator.ts';
import { eventually } from '../eventually.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';

const ELSEWHERE = 'elsewhere';

interface Refusal {
  readonly name: string;
  readonly token: string | undefined;
  readonly node: string;
  readonly status: number;
  readonly code: string;
}

export const tokens: ClusterStep = {
  name: 'tokens',
  shows: 'forged and stolen tokens are rejected by a real TokenReview, and a token is accepted only for its own node',
  needs: 'cluster',
  run: async (context) => {
    const { api, kubectl, fleet, report } = context;
    const agents = await podsOf(kubectl, AGENT_COMPONENT);
    const [agent, other] = agents;
    if (agent === undefined || other === undefined) throw new Error('two agents are needed');
    const node = agent.spec.nodeName ?? '';
    const ask = await apiserver(context);
    const genuine = await tokenFor(api, agent);

    const review = await api.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: genuine, audiences: [TOKEN_AUDIENCE] },
    });
    const { extra } = (review.body as { status: { user: { extra: Record<string, string[]> } } }).status.user;
    deepEqual(extra['authentication.kubernetes.io/node-name'], [node], 'a token is bound to its pod’s node');

    const before = fleet.nodes.map(({ name, cordoned, labels, annotations }) => ({ name, cordoned, labels, annotations }));
    const foreign = await podElsewhere(context, agent);
    const dead = await tokenOfDeadPod(context);
    const cases: readonly Refusal[] = [
      { name: 'no token', token: undefined, node, status: 401, code: 'TOKEN_MISSING' },
      { name: 'garbage', token: 'not.a.token', node, status: 401, code: 'TOKEN_REJECTED' },
      { name: "another node's name", token: genuine, node: other.spec.nodeName ?? '', status: 403, code: 'NODE_MISMATCH' },
      {
        name: 'a changed payload',
        token: tampered(genuine, node, other.spec.nodeName ?? ''),
        node: other.spec.nodeName ?? '',
        status: 401,
        code: 'TOKEN_REJECTED',
      },
      {
        name: 'another audience',
        token: await tokenFor(api, agent, { audience: 'https://vault.example.com' }),
        node,
        status: 401,
        code: 'TOKEN_REJECTED',
      },
      {
        name: 'another ServiceAccount',
        token: await tokenFor(api, agent, { account: CONTROLLER_SERVICE_ACCOUNT, unbound: true }),
        node,
        status: 403,
        code: 'SERVICE_ACCOUNT_MISMATCH',
      },
      {
        name: 'a pod of the same name in another namespace',
        token: await tokenFor(api, foreign),
        node,
        status: 403,
        code: 'SERVICE_ACCOUNT_MISMATCH',
      },
      { name: 'a pod that is gone', token: dead, node, status: 401, code: 'TOKEN_REJECTED' },
    ];
    for (const { name, token, node: claimed, status, code } of cases) {
      deepEqual(await ask(token, claimed), { status, code }, name);
    }
    const after = fleet.nodes.map(({ name, cordoned, labels, annotations }) => ({ name, cordoned, labels, annotations }));
    deepEqual(after, before, 'no node was touched');
    // Without it the rejections could have another reason.
    equal((await ask(genuine, node, 'GET')).status, 200, 'the genuine token is obeyed');
    await kubectl.run(['delete', 'namespace', ELSEWHERE, '--wait=false']);
    report(`${cases.length} forged tokens were refused`);
  },
};

type Ask = (
  token: string | undefined,
  node: string,
  method?: 'GET' | 'POST',
) => Promise<{ readonly status: number; readonly code?: string }>;

/** Calls one pod of the apiserver as an agent does; POST requests a drain, GET reads the shadow. */
async function apiserver({ kubectl }: ClusterContext): Promise<Ask> {
  const [pod] = await podsOf(kubectl, APISERVER_COMPONENT);
  const secret = await kubectl.run([
    'get',
    'secret',
    CLIENT_CERTIFICATE,
    '--namespace',
    DEFAULT_NAMESPACE,
    '--output',
    String.raw`jsonpath={.data.ca\.crt}`,
  ]);
  const ca = Buffer.from(secret, 'base64');
  return (token, node, method = 'POST') =>
    new Promise((resolve, reject) => {
      const asked = request({
        host: pod?.status.podIP,
        port: 8443,
        servername: `${APISERVER_SERVICE}.${DEFAULT_NAMESPACE}.svc`,
        ca,
        method,
        path: method === 'POST' ? ROUTES.cordonAndDrain : ROUTES.shadow,
        agent: false,
        headers: {
          [HEADERS.nodeName]: node,
          ...(method === 'POST' ? { Prefer: 'respond-async' } : {}),
          ...(token === undefined ? {} : { [HEADERS.token]: token }),
        },
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => {
          const { error } = JSON.parse(text) as { error?: { code: string } };
          resolve({ status: response.statusCode ?? 0, ...(error === undefined ? {} : { code: error.code }) });
        });
      });
      asked.end();
    });
}

interface TokenOptions {
  readonly account?: string;
  readonly audience?: string;
  readonly unbound?: boolean;
}

/** A token of a pod, as the kubelet of its node would get it. */
async function tokenFor(
  api: KubeApi,
  pod: PodJson,
  { account = AGENT_SERVICE_ACCOUNT, audience = TOKEN_AUDIENCE, unbound = false }: TokenOptions = {},
): Promise<string> {
  const { namespace = '', name, uid } = pod.metadata;
  const { status, body } = await api.ask('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience], ...(unbound ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } }) },
  });
  ok(status === 201, `a token for ${name}: ${JSON.stringify(body)}`);
  return (body as { status: { token: string } }).status.token;
}

/** A pod with the agent's name, ServiceAccount and node in a namespace where others may create one. */
async function podElsewhere({ kubectl }: ClusterContext, agent: PodJson): Promise<PodJson> {
  const { name } = agent.metadata;
  await kubectl.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: AGENT_SERVICE_ACCOUNT, namespace: ELSEWHERE } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: ELSEWHERE },
      spec: {
        nodeName: agent.spec.nodeName,
        serviceAccountName: AGENT_SERVICE_ACCOUNT,
        containers: [{ name: 'main', image: SANDBOX_IMAGE }],
      },
    },
  ]);
  return kubectl.get<PodJson>('pod', name, '--namespace', ELSEWHERE);
}

/** The token of a deleted agent, which its DaemonSet has replaced. */
async function tokenOfDeadPod({ api, kubectl, signal }: ClusterContext): Promise<string> {
  const agent = (await podsOf(kubectl, AGENT_COMPONENT)).at(-1);
  if (agent === undefined) throw new Error('there is no agent');
  const token = await tokenFor(api, agent);
  await kubectl.run(['delete', 'pod', agent.metadata.name, '--namespace', DEFAULT_NAMESPACE]);
  await eventually(async () => (await podsOf(kubectl, AGENT_COMPONENT)).every(({ metadata }) => metadata.uid !== agent.metadata.uid), {
    for: 'the deleted agent to be gone',
    limitMs: 60_000,
    signal,
  });
  return token;
}

function tampered(token: string, from: string, to: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const changed = Buffer.from(payload, 'base64url').toString('utf8').replaceAll(from, to);
  return [header, Buffer.from(changed).toString('base64url'), signature].join('.');
}
