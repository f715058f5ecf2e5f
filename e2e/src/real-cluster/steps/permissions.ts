import { deepEqual, match } from 'node:assert/strict';
import {
  AGENT_SERVICE_ACCOUNT,
  APISERVER_SERVICE_ACCOUNT,
  CONTROLLER_SERVICE_ACCOUNT,
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  DEFAULT_NAMESPACE,
  shadowName,
} from '@brupop/crd-models';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import type { Kubectl } from '../cluster/kubectl.ts';
import { MANIFEST } from '../operator.ts';
import type { ClusterStep } from '../step.ts';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[] | null;
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

const ACCOUNTS = [AGENT_SERVICE_ACCOUNT, APISERVER_SERVICE_ACCOUNT, CONTROLLER_SERVICE_ACCOUNT];

export const permissions: ClusterStep = {
  name: 'permissions',
  shows: 'each ServiceAccount has the permissions of the manifest, and no others',
  needs: 'cluster',
  run: async ({ kubectl, report }) => {
    const objects = await rbacObjects(kubectl);
    const common = new Set(await allowedTo(kubectl, 'default', DEFAULT_NAMESPACE));
    for (const account of ACCOUNTS) {
      for (const namespace of [DEFAULT_NAMESPACE, 'kube-system']) {
        const allowed = (await allowedTo(kubectl, account, namespace)).filter((permission) => !common.has(permission));
        const given = givenTo(objects, account, namespace);
        deepEqual(allowed.sort(), given.sort(), `${account} in ${namespace}`);
        report(`${account} in ${namespace}: ${given.length} permissions`);
      }
    }
  },
};

interface Write {
  readonly name: string;
  readonly account: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Whether an admission policy refuses it. */
  readonly refused: boolean;
}

export const admission: ClusterStep = {
  name: 'admission',
  shows: 'the admission policies admit what the operator writes, and refuse its accounts everything else that RBAC would allow',
  needs: 'cluster',
  run: async ({ kubectl, cluster, report }) => {
    const node = cluster.managed[0]?.name ?? '';
    const writes = [...nodeWrites(node), ...shadowWrites(shadowName(node)), ...creations()];
    for (const { name, account, args, input, refused } of writes) {
      const as = `system:serviceaccount:${DEFAULT_NAMESPACE}:${account}`;
      const outcome = await kubectl.run([...args, '--dry-run=server', '--as', as], input).then(
        () => 'admitted',
        (error: unknown) => String(error),
      );
      match(outcome, refused ? /ValidatingAdmissionPolicy/ : /^admitted$/, `${name}: ${outcome}`);
    }
    report(`${writes.filter(({ refused }) => refused).length} of ${writes.length} writes are refused`);
  },
};

const patch = (kind: string, name: string, body: object): string[] => [
  'patch',
  kind,
  name,
  '--type',
  'merge',
  '--patch',
  JSON.stringify(body),
];

function nodeWrites(node: string): Write[] {
  const write = (name: string, refused: boolean, body: object): Write => ({
    name: `${name} of a Node`,
    account: APISERVER_SERVICE_ACCOUNT,
    args: patch('node', node, body),
    refused,
  });
  const taints = (key: string, effect: string): object => ({ spec: { taints: [{ key, effect }] } });
  return [
    write('cordon and mark', false, { metadata: { annotations: { [CORDONED_ANNOTATION]: '{}' } }, spec: { unschedulable: true } }),
    write('our taint', false, taints(CORDONED_TAINT, 'PreferNoSchedule')),
    write('exclusion from load balancers', false, { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' } } }),
    write('another label', true, { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } }),
    write('another annotation', true, { metadata: { annotations: { 'example.com/a': 'b' } } }),
    write('a taint that evicts', true, taints('example.com/evil', 'NoExecute')),
    write('our taint with another effect', true, taints(CORDONED_TAINT, 'NoExecute')),
    write('a finalizer', true, { metadata: { finalizers: ['example.com/a'] } }),
  ];
}

function shadowWrites(shadow: string): Write[] {
  const write = (name: string, refused: boolean, body: object): Write => ({
    name: `${name} of a shadow`,
    account: APISERVER_SERVICE_ACCOUNT,
    args: [...patch('brs', shadow, body), '--namespace', DEFAULT_NAMESPACE],
    refused,
  });
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'node', uid: '00000000-0000-4000-8000-000000000000' };
  return [
    write('owners', false, { metadata: { ownerReferences: [owner] } }),
    write('spec', true, { spec: { state: 'RebootedIntoUpdate', version: '9.9.9' } }),
    write('annotations', true, { metadata: { annotations: { 'example.com/a': 'b' } } }),
  ];
}

function creations(): Write[] {
  const namespace = DEFAULT_NAMESPACE;
  const write = (apiVersion: string, kind: string, name: string): Write => ({
    name: `${kind} ${name}`,
    account: CONTROLLER_SERVICE_ACCOUNT,
    args: ['create', '-f', '-'],
    input: JSON.stringify({ apiVersion, kind, metadata: { name, namespace } }),
    refused: true,
  });
  return [write('v1', 'Secret', 'another'), write('coordination.k8s.io/v1', 'Lease', 'another')];
}

async function rbacObjects(kubectl: Kubectl): Promise<RbacObject[]> {
  return kubectl.parse<RbacObject>(MANIFEST);
}

/** The permissions that the manifest's bindings grant in a namespace. */
function givenTo(objects: readonly RbacObject[], account: string, namespace: string): string[] {
  const roles = objects
    .filter(({ kind, metadata }) => kind === 'ClusterRoleBinding' || (kind === 'RoleBinding' && metadata.namespace === namespace))
    .filter(({ subjects = [] }) => subjects.some((subject) => subject.name === account && subject.namespace === DEFAULT_NAMESPACE))
    .map(({ roleRef }) => objects.find(({ kind, metadata }) => kind === roleRef?.kind && metadata.name === roleRef.name));
  return [...new Set(roles.flatMap((role) => (role?.rules ?? []).flatMap(permissionsOf)))];
}

function permissionsOf({ apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs }: Rule): string[] {
  const names = resourceNames.length === 0 ? [''] : resourceNames.map((name) => ` ${name}`);
  const places = resources.flatMap((resource) => apiGroups.flatMap((group) => names.map((name) => `${shown(resource, group)}${name}`)));
  return [...places, ...nonResourceURLs].flatMap((place) => verbs.map((verb) => `${verb} ${place}`));
}

/** As kubectl shows it: `bottlerocketshadows.brupop.bottlerocket.aws/status`. */
function shown(resource: string, group: string): string {
  const [name = '', subresource] = resource.split('/');
  return `${name}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** What `kubectl auth can-i --list` prints, one permission each. */
async function allowedTo(kubectl: Kubectl, account: string, namespace: string): Promise<string[]> {
  const as = `system:serviceaccount:${DEFAULT_NAMESPACE}:${account}`;
  const text = await kubectl.run(['auth', 'can-i', '--list', '--no-headers', '--namespace', namespace, '--as', as]);
  const words = (list = ''): string[] => list.split(' ').filter((word) => word !== '');
  return text.split('\n').flatMap((line) => {
    const [, resource = '', urls, names, verbs] = /^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/.exec(line.trimEnd()) ?? [];
    const places =
      resource === '' ? words(urls) : words(names).length === 0 ? [resource] : words(names).map((name) => `${resource} ${name}`);
    return places.flatMap((place) => words(verbs).map((verb) => `${verb} ${place}`));
  });
}
