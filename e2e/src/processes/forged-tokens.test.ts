import { request } from 'node:https';
import { HEADERS, ROUTES } from '@brupop/agent-api';
import {
  AGENT_COMPONENT,
  AGENT_SERVICE_ACCOUNT,
  APISERVER_SERVICE,
  CONTROLLER_SERVICE_ACCOUNT,
  DEFAULT_NAMESPACE,
  TOKEN_AUDIENCE,
} from '@brupop/crd-models';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { OLD } from '../fleet/versions.ts';
import { aProcessFleet } from './a-process-fleet.ts';
import type { ProcessFleet } from './process-fleet.ts';

const START_MS = 120_000;
const VICTIM = 'node-1';
const ELSEWHERE = 'evil';

type TokenRequest = Parameters<ProcessFleet['api']['issueToken']>[0];

let fleet: ProcessFleet;
/** Claims of the token of the agent on {@link VICTIM}. */
let genuine: TokenRequest;

// One cluster for all cases: none may change anything in it.
beforeAll(async () => {
  // There is nothing to update, so every change of a node is caused by a test.
  fleet = await aProcessFleet({ to: OLD });
  const { cluster } = fleet;
  const agent = () => fleet.podsOf(AGENT_COMPONENT).find(({ spec }) => spec.nodeName === VICTIM);
  const isUp = (): boolean => agent() !== undefined && cluster.endpoints(DEFAULT_NAMESPACE, APISERVER_SERVICE).length > 0;
  if (!(await fleet.until(isUp, START_MS))) throw new Error('the cluster did not come up');
  const { name = '', uid = '' } = agent()?.metadata ?? {};
  genuine = {
    serviceAccount: { namespace: DEFAULT_NAMESPACE, name: AGENT_SERVICE_ACCOUNT },
    audiences: [TOKEN_AUDIENCE],
    pod: { name, uid },
    node: { name: VICTIM, uid: fleet.nodeObject(VICTIM)?.metadata.uid ?? '' },
  };
});

const issue = (change: Partial<TokenRequest> = {}): string => fleet.api.issueToken({ ...genuine, ...change });

/** A token for a pod of the genuine one's name, ServiceAccount and node in another namespace. */
function tokenFromElsewhere(): string {
  const { pod, node } = genuine;
  fleet.cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: AGENT_SERVICE_ACCOUNT, namespace: ELSEWHERE } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod?.name, namespace: ELSEWHERE },
      spec: { nodeName: node?.name, serviceAccountName: AGENT_SERVICE_ACCOUNT, containers: [{ name: 'main', image: 'main' }] },
    },
  ]);
  const uid = fleet.cluster.pods(ELSEWHERE).find(({ metadata }) => metadata.name === pod?.name)?.metadata.uid ?? '';
  return issue({ serviceAccount: { namespace: ELSEWHERE, name: AGENT_SERVICE_ACCOUNT }, pod: { name: pod?.name ?? '', uid } });
}

/** The genuine token with another node in its payload. */
function tamperedToken(): string {
  const [header = '', payload = '', signature = ''] = issue().split('.');
  const changed = Buffer.from(payload, 'base64url').toString('utf8').replaceAll(VICTIM, 'node-2');
  return [header, Buffer.from(changed).toString('base64url'), signature].join('.');
}

interface Answer {
  readonly status: number | undefined;
  readonly code: string | undefined;
}

/** Sends a request to drain a node to an apiserver process, over TLS. */
const cordonAndDrain = (token: string | undefined, nodeName: string): Promise<Answer> =>
  ask('POST', ROUTES.cordonAndDrain, token, nodeName);

function ask(method: string, route: string, token: string | undefined, nodeName: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${fleet.simulation.apiserverUrl}${route}`, {
      method,
      ca: fleet.simulation.apiserverCaPem(),
      agent: false,
      headers: { [HEADERS.nodeName]: nodeName, Prefer: 'respond-async', ...(token === undefined ? {} : { [HEADERS.token]: token }) },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => {
        const { error } = JSON.parse(text) as { error?: { code: string } };
        resolve({ status: response.statusCode, code: error?.code });
      });
    });
    asked.end();
  });
}

const nodes = (): object[] =>
  fleet.cluster.nodes.map(({ metadata: { name, labels, annotations }, spec }) => ({ name, labels, annotations, spec }));

describe('an apiserver process', () => {
  const cases: { name: string; token: () => string | undefined; node?: string; status: 401 | 403; code: string }[] = [
    {
      name: "a token of another namespace's agent ServiceAccount and a pod of the same name",
      token: tokenFromElsewhere,
      status: 403,
      code: 'SERVICE_ACCOUNT_MISMATCH',
    },
    {
      name: 'a token of another ServiceAccount of our namespace',
      token: () => issue({ serviceAccount: { namespace: DEFAULT_NAMESPACE, name: CONTROLLER_SERVICE_ACCOUNT } }),
      status: 403,
      code: 'SERVICE_ACCOUNT_MISMATCH',
    },
    { name: "a genuine token with another node's name", token: () => issue(), node: 'node-2', status: 403, code: 'NODE_MISMATCH' },
    {
      name: 'a genuine token with the name of an unknown node',
      token: () => issue(),
      node: 'node-9',
      status: 403,
      code: 'NODE_MISMATCH',
    },
    { name: 'an expired token', token: () => issue({ expiresAfterMs: -60_000 }), status: 401, code: 'TOKEN_EXPIRED' },
    {
      name: 'a token for another audience',
      token: () => issue({ audiences: ['https://vault.example.com'] }),
      status: 401,
      code: 'TOKEN_REJECTED',
    },
    {
      name: 'a token of an earlier pod of the same name',
      token: () => issue({ pod: { name: genuine.pod?.name ?? '', uid: '00000000-0000-4000-8000-000000000000' } }),
      status: 401,
      code: 'TOKEN_REJECTED',
    },
    { name: 'a token whose payload was changed', token: tamperedToken, node: 'node-2', status: 401, code: 'TOKEN_REJECTED' },
    { name: 'garbage as a token', token: () => 'not.a.token', status: 401, code: 'TOKEN_REJECTED' },
    { name: 'a token with invalid characters', token: () => 'a token, "quoted"', status: 401, code: 'TOKEN_MALFORMED' },
    { name: 'no token', token: () => undefined, status: 401, code: 'TOKEN_MISSING' },
  ];
  test.each(cases)('rejects $name and changes no node', async ({ token, node = VICTIM, status, code }) => {
    const before = nodes();
    expect(await cordonAndDrain(token(), node)).toEqual({ status, code });
    expect(nodes()).toEqual(before);
    expect(fleet.cluster.evictions).toEqual([]);
  });

  // Without it the rejections above could have another reason.
  test('identifies the caller by the genuine token, which alone does not permit to drain its node', async () => {
    const before = nodes();
    expect(await ask('POST', ROUTES.uncordon, issue(), VICTIM)).toEqual({ status: 200, code: undefined });
    expect(await cordonAndDrain(issue(), VICTIM)).toEqual({ status: 409, code: 'NOT_PERMITTED' });
    expect(nodes()).toEqual(before);
  });
});
