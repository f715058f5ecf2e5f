import { deepEqual, equal, ok } from 'node:assert/strict';
import { DEFAULT_NAMESPACE, GROUP, KIND, PLURAL, shadowsPath } from '@brupop/crd-models';
import { paths } from '@brupop/kube-runtime';
import type { Answer, KubeApi } from '../kube-api.ts';
import { MANIFEST } from '../operator.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';

interface Written {
  readonly metadata: { readonly name: string; readonly managedFields?: unknown };
  readonly status?: unknown;
}

const ATTEMPTS = 10;

export const validation: ClusterStep = {
  name: 'validation',
  shows: 'the API server validates the manifest and everything that the operator writes without a problem',
  needs: 'cluster',
  run: async ({ kubectl, api, report }) => {
    const applied = await kubectl.run(['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', MANIFEST]);
    report(`${applied.trim().split('\n').length} objects of the manifest`);
    const kinds: readonly (readonly [string, string])[] = [
      [shadowsPath(DEFAULT_NAMESPACE), ''],
      [shadowsPath(DEFAULT_NAMESPACE), '/status'],
      [paths.leases(DEFAULT_NAMESPACE), ''],
      [`/api/v1/namespaces/${DEFAULT_NAMESPACE}/secrets`, ''],
      [paths.nodes(), ''],
    ];
    for (const [collection, subresource] of kinds)
      report(`${await rewritten(api, collection, subresource)} of ${collection}${subresource}`);
    const events = await api.get<{ items: { reason?: string; reportingController?: string }[] }>(paths.events(DEFAULT_NAMESPACE));
    const ours = events.items.filter(({ reportingController = '' }) => reportingController.includes('brupop'));
    ok(ours.length > 0, 'events of the operator are there');
  },
};

/** Writes each object again unchanged, under strict validation, as a dry run. @returns how many */
async function rewritten(api: KubeApi, collection: string, subresource: string): Promise<number> {
  const { items } = await api.get<{ items: Written[] }>(collection);
  ok(items.length > 0, `there is something in ${collection}`);
  for (const { metadata } of items) {
    const path = `${collection}/${metadata.name}${subresource}`;
    const { status, body, headers } = await writtenAgain(api, path);
    equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    equal(headers['warning'], undefined, path);
  }
  return items.length;
}

/** The answer to an unchanged write of an object; a conflict with other writers, such as the kubelet, is retried. */
async function writtenAgain(api: KubeApi, path: string): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await api.ask('PUT', `${path}?dryRun=All&fieldValidation=Strict`, await api.get<Written>(path));
    if (answer.status !== 409 || attempt === ATTEMPTS) return answer;
  }
}

export const conversion: ClusterStep = {
  name: 'conversion',
  shows: 'kube-apiserver converts shadows of both versions by our webhook, for reads and writes of kubectl',
  needs: 'cluster',
  run: async (context) => {
    const { kubectl, cluster } = context;
    const [first] = cluster.managed;
    const v1 = await kubectl.list(`${PLURAL}.v1.${GROUP}`, '--namespace', DEFAULT_NAMESPACE);
    equal(v1.length, cluster.managed.length);
    deepEqual(new Set(v1.map(({ apiVersion }) => apiVersion)), new Set([`${GROUP}/v1`]));
    ok((await kubectl.run(['get', 'brs', '--namespace', DEFAULT_NAMESPACE])).includes(first?.name ?? ''), 'the short name works');
    for (const [written, stored] of [
      ['StagedUpdate', 'StagedAndPerformedUpdate'],
      ['PerformedUpdate', 'StagedAndPerformedUpdate'],
      ['MonitoringUpdate', 'MonitoringUpdate'],
    ] as const) {
      equal(await throughV1(context, written), stored, `${written} of v1`);
    }
    await keepsOfV1Writers(context);
  },
};

// Not the operator's namespace, where the controller acts on shadows.
const ELSEWHERE = ['--namespace', 'default'];

/** Writes a shadow as v1 and reads it as v2. */
async function throughV1({ kubectl }: ClusterContext, state: string): Promise<string> {
  const name = `brs-${state.toLowerCase()}`;
  const shadow = {
    apiVersion: `${GROUP}/v1`,
    kind: KIND,
    metadata: { name, namespace: 'default', labels: { kept: 'yes' } },
    spec: { state },
  };
  await kubectl.apply([shadow]);
  const read = await kubectl.get<Shadow>(`${PLURAL}.v2.${GROUP}`, name, ...ELSEWHERE);
  await kubectl.run(['delete', PLURAL, name, ...ELSEWHERE]);
  equal(read.metadata.labels?.['kept'], 'yes', 'labels are kept');
  return read.spec.state;
}

interface Shadow {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  readonly spec: { readonly state: string; readonly version?: string };
  readonly status?: { readonly crash_count?: number };
}

/** A client that knows only v1 changes one field; the fields of v2 must be kept. */
async function keepsOfV1Writers({ kubectl, api }: ClusterContext): Promise<void> {
  const name = 'brs-both';
  await kubectl.apply([{ apiVersion: `${GROUP}/v2`, kind: KIND, metadata: { name, namespace: 'default' }, spec: { state: 'Idle' } }]);
  const status = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'ErrorReset', crash_count: 3 };
  await api.mergePatch(`/apis/${GROUP}/v2/namespaces/default/${PLURAL}/${name}/status`, { status });
  await api.mergePatch(`/apis/${GROUP}/v1/namespaces/default/${PLURAL}/${name}`, { spec: { version: '1.1.0' } });
  const read = await kubectl.get<Shadow>(`${PLURAL}.v2.${GROUP}`, name, ...ELSEWHERE);
  await kubectl.run(['delete', PLURAL, name, ...ELSEWHERE]);
  deepEqual([read.spec.version, read.status?.crash_count], ['1.1.0', 3]);
}
