import { describe, expect, test } from '@jest/globals';
import { installObjects } from './install.ts';
import type { KubernetesObject } from './objects.ts';

/**
 * What no client may change in Kubernetes, as a cluster with Brupop 1.x has it. Were one of these different, `kubectl apply` and `helm
 * upgrade` would be refused in the middle.
 */
const UNCHANGEABLE: readonly { readonly kind: string; readonly name: string; readonly fields: object }[] = [
  {
    kind: 'PriorityClass',
    name: 'brupop-controller-high-priority',
    fields: { value: 1_000_000, preemptionPolicy: 'Never' },
  },
  ...[
    { name: 'brupop-agent-role-binding', role: 'brupop-agent-role' },
    { name: 'brupop-apiserver-auth-delegator-role-binding', role: 'system:auth-delegator' },
    { name: 'brupop-apiserver-role-binding', role: 'brupop-apiserver-role' },
    { name: 'brupop-controller-role-binding', role: 'brupop-controller-role' },
  ].map(({ name, role }) => ({
    kind: 'ClusterRoleBinding',
    name,
    fields: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role } },
  })),
  ...[
    { kind: 'DaemonSet', name: 'brupop-agent', component: 'agent' },
    { kind: 'Deployment', name: 'brupop-apiserver', component: 'apiserver' },
    { kind: 'Deployment', name: 'brupop-controller-deployment', component: 'brupop-controller' },
  ].map(({ kind, name, component }) => ({
    kind,
    name,
    fields: { spec: { selector: { matchLabels: { 'brupop.bottlerocket.aws/component': component } } } },
  })),
];

const objects = installObjects({ image: 'brupop:1' });
const find = (kind: string, name: string): KubernetesObject | undefined =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

describe('an installation over Brupop 1.x', () => {
  test.each(UNCHANGEABLE)('$kind $name changes nothing that cannot be changed', ({ kind, name, fields }) => {
    expect(find(kind, name)).toMatchObject(fields);
  });

  test('the selectors are the same to the last label: one more would be refused, too', () => {
    for (const { kind, name, fields } of UNCHANGEABLE.filter((each) => 'spec' in each.fields))
      expect(find(kind, name)).toHaveProperty('spec.selector', (fields as { spec: { selector: object } }).spec.selector);
  });

  test('shadows of both versions stay readable, and are kept in the version that they are kept in', () => {
    const { spec } = find('CustomResourceDefinition', 'bottlerocketshadows.brupop.bottlerocket.aws') as unknown as {
      spec: { scope: string; names: object; versions: { name: string; served: boolean; storage: boolean }[] };
    };
    expect(spec.versions.map(({ name, served, storage }) => ({ name, served, storage }))).toEqual([
      { name: 'v2', served: true, storage: true },
      { name: 'v1', served: true, storage: false },
    ]);
    expect(spec).toMatchObject({ scope: 'Namespaced', names: { kind: 'BottlerocketShadow', plural: 'bottlerocketshadows' } });
  });

  test('old agents and kube-apiserver still find the apiserver, and old Prometheus the controller', () => {
    expect(find('Service', 'brupop-apiserver')).toHaveProperty('spec.ports', [{ port: 443, targetPort: 8443 }]);
    expect(find('Service', 'brupop-controller-server')).toHaveProperty('spec.ports', [{ name: 'main', port: 80, targetPort: 8080 }]);
  });

  test('what Brupop 1.x granted to every agent is revoked', () => {
    expect(find('ClusterRole', 'brupop-agent-role')).toHaveProperty('rules', []);
  });
});
