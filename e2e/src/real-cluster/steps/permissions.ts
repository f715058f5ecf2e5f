import { deepEqual } from 'node:assert/strict';
import { AGENT_SERVICE_ACCOUNT, APISERVER_SERVICE_ACCOUNT, CONTROLLER_SERVICE_ACCOUNT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
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
  shows: 'each ServiceAccount may do what the manifest gives it, and nothing else, anywhere',
  needs: 'cluster',
  run: async ({ kubectl, report }) => {
    const objects = await rbacObjects(kubectl);
    const anybody = new Set(await allowedTo(kubectl, 'default', DEFAULT_NAMESPACE));
    for (const account of ACCOUNTS) {
      for (const namespace of [DEFAULT_NAMESPACE, 'kube-system']) {
        const allowed = (await allowedTo(kubectl, account, namespace)).filter((permission) => !anybody.has(permission));
        const given = givenTo(objects, account, namespace);
        deepEqual(allowed.sort(), given.sort(), `${account} in ${namespace}`);
        report(`${account} in ${namespace}: ${given.length} permissions`);
      }
    }
  },
};

async function rbacObjects(kubectl: Kubectl): Promise<RbacObject[]> {
  return kubectl.parse<RbacObject>(MANIFEST);
}

/** What the manifest's bindings give in a namespace. */
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
