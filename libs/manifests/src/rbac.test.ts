import { describe, expect, test } from '@jest/globals';
import type { PolicyRule } from './rbac.ts';
import { find, install, podOf } from './testing/installation.ts';

describe('permissions', () => {
  test("the agent's ServiceAccount has no permission, and its pods no token for Kubernetes", () => {
    const bound = install().filter(
      ({ kind, ...fields }) => kind.endsWith('RoleBinding') && JSON.stringify(fields['subjects']).includes('agent-service'),
    );
    expect(bound.map(({ metadata }) => metadata.name)).toEqual(['brupop-agent-role-binding']);
    expect(find(install(), 'ClusterRole', 'brupop-agent-role')['rules']).toEqual([]);
    expect(podOf({}, 'DaemonSet', 'brupop-agent').pod['automountServiceAccountToken']).toBe(false);
  });

  const lines = (kind: string, name: string): string[] =>
    (find(install(), kind, name)['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[]).flatMap((rule) =>
      rule.apiGroups.flatMap((group) => rule.resources.map((resource) => `${group}/${resource}: ${rule.verbs.join(' ')}`)),
    );

  test.each([
    {
      kind: 'ClusterRole',
      name: 'brupop-apiserver-role',
      rules: [
        '/pods: get list watch',
        '/nodes: get list watch patch',
        '/pods/eviction: create',
        'authentication.k8s.io/tokenreviews: create',
        'storage.k8s.io/volumeattachments: list watch',
        '/persistentvolumeclaims: get',
        '/events: create patch',
        'events.k8s.io/events: create patch',
      ],
    },
    {
      kind: 'Role',
      name: 'brupop-apiserver-role',
      rules: [
        'brupop.bottlerocket.aws/bottlerocketshadows: get list watch create patch',
        'brupop.bottlerocket.aws/bottlerocketshadows/status: patch',
      ],
    },
    {
      kind: 'ClusterRole',
      name: 'brupop-controller-role',
      rules: [
        '/nodes: get list watch',
        '/events: create patch',
        'events.k8s.io/events: create patch',
        'apiextensions.k8s.io/customresourcedefinitions: get patch',
      ],
    },
    {
      kind: 'Role',
      name: 'brupop-controller-role',
      rules: [
        'brupop.bottlerocket.aws/bottlerocketshadows: get list watch patch delete',
        'brupop.bottlerocket.aws/bottlerocketshadows/status: patch',
        '/pods: get list watch',
        'coordination.k8s.io/leases: get update',
        'coordination.k8s.io/leases: create',
        '/secrets: get patch',
        '/secrets: create',
        'cert-manager.io/certificates: get',
      ],
    },
  ])('$kind $name', ({ kind, name, rules }) => {
    expect(lines(kind, name)).toEqual(rules);
  });

  test.each([
    { action: undefined, rules: [] },
    { action: 'wait', rules: [] },
    { action: 'force', rules: ['/pods: delete'] },
  ])('the apiserver may delete pods only if drains are forced in the end: $action', ({ action, rules }) => {
    const objects = install(action === undefined ? {} : { env: { apiserver: { DRAIN_TIMEOUT_ACTION: action } } });
    const all = find(objects, 'ClusterRole', 'brupop-apiserver-role')['rules'] as readonly PolicyRule[];
    expect(
      all.filter(({ verbs }) => verbs.includes('delete')).map(({ resources, verbs }) => `/${resources.join()}: ${verbs.join()}`),
    ).toEqual(rules);
  });

  test('the controller can change no Lease but its own', () => {
    const rules = find(install(), 'Role', 'brupop-controller-role')['rules'] as readonly PolicyRule[];
    const leases = rules.filter(({ resources }) => resources.includes('leases'));
    expect(leases.map(({ resourceNames, verbs }) => ({ resourceNames, verbs }))).toEqual([
      { resourceNames: ['brupop-controller'], verbs: ['get', 'update'] },
      { resourceNames: undefined, verbs: ['create'] },
    ]);
  });

  test('the binding of Brupop 1.x to system:auth-delegator is kept without subjects: applied over it, it removes the permission', () => {
    expect(find(install(), 'ClusterRoleBinding', 'brupop-apiserver-auth-delegator-role-binding')).toMatchObject({
      roleRef: { name: 'system:auth-delegator' },
      subjects: [],
    });
  });
});
