import {
  APISERVER_CERTIFICATE,
  CLIENT_CERTIFICATE,
  CONTROLLER_LEASE,
  CRD_NAME,
  ROOT_CA_SECRET,
  AGENT_SERVICE_ACCOUNT,
  APISERVER_SERVICE_ACCOUNT,
  CONTROLLER_SERVICE_ACCOUNT,
  GROUP,
  PLURAL,
} from '@brupop/crd-models';
import { componentLabels, type Component, type KubernetesObject } from './objects.ts';

/** A `PolicyRule` of rbac.authorization.k8s.io/v1. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Permissions of one component: in the whole cluster, and in the operator's own namespace alone. */
export interface Permissions {
  readonly cluster: readonly PolicyRule[];
  readonly namespace: readonly PolicyRule[];
}

/** The ClusterRole that Brupop 1.x binds for TokenReviews. It also allows SubjectAccessReviews, so this operator binds no account to it. */
export const AUTH_DELEGATOR_ROLE = 'system:auth-delegator';

// Events about nodes, which have no namespace, are kept in namespace `default`: hence cluster-wide.
const EVENTS: PolicyRule = { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] };

/** The agent has none: its token permits nothing in Kubernetes. */
export const AGENT_PERMISSIONS: Permissions = { cluster: [], namespace: [] };

/** Of the apiserver: it alone touches nodes and pods. */
export const APISERVER_PERMISSIONS: Permissions = {
  cluster: [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'] },
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    // A drained node is not rebooted while the volumes of evicted pods are being detached. The claims show which belong to pods that stay.
    { apiGroups: ['storage.k8s.io'], resources: ['volumeattachments'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get'] },
    EVENTS,
  ],
  namespace: [
    { apiGroups: [GROUP], resources: [PLURAL], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
    { apiGroups: [GROUP], resources: [`${PLURAL}/status`], verbs: ['patch'] },
  ],
};

/** Additional rule of the apiserver if a drain may be forced in the end: deleting ignores PodDisruptionBudgets. */
export const FORCE_PERMISSION: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['delete'] };

/** Of the controller: it writes shadows, and reads the rest. */
export const CONTROLLER_PERMISSIONS: Permissions = {
  cluster: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }, EVENTS],
  namespace: [
    { apiGroups: [GROUP], resources: [PLURAL], verbs: ['get', 'list', 'watch', 'patch', 'delete'] },
    { apiGroups: [GROUP], resources: [`${PLURAL}/status`], verbs: ['patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [CONTROLLER_LEASE], verbs: ['get', 'update'] },
    // The name of what is made cannot be restricted.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  ],
};

/** Of the controller, on top, where it makes the certificates itself. */
export const CERTIFICATE_PERMISSIONS: Permissions = {
  cluster: [
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], resourceNames: [CRD_NAME], verbs: ['get', 'patch'] },
  ],
  namespace: [
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: [ROOT_CA_SECRET, APISERVER_CERTIFICATE, CLIENT_CERTIFICATE],
      verbs: ['get', 'patch'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    // Secrets that cert-manager still keeps up are left to it.
    { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: ['get'] },
  ],
};

/** ServiceAccount of each component. */
export const SERVICE_ACCOUNTS: Readonly<Record<Component, string>> = {
  agent: AGENT_SERVICE_ACCOUNT,
  apiserver: APISERVER_SERVICE_ACCOUNT,
  controller: CONTROLLER_SERVICE_ACCOUNT,
};

const RBAC = 'rbac.authorization.k8s.io';
const API_VERSION = `${RBAC}/v1`;

/** The component's ServiceAccount. */
export function serviceAccount(component: Component, namespace: string): KubernetesObject {
  const name = SERVICE_ACCOUNTS[component];
  const annotations = { 'kubernetes.io/service-account.name': name };
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels: componentLabels(component), annotations },
    automountServiceAccountToken: component !== 'agent',
  };
}

/** ClusterRole `brupop-<component>-role`. The agent's is empty, so that applying it takes away what the original granted. */
export function clusterRole(component: Component, { cluster }: Permissions): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: { name: roleName(component), labels: componentLabels(component) },
    rules: cluster,
  };
}

/** ClusterRoleBinding `brupop-<component>-role-binding`. */
export function clusterRoleBinding(component: Component, namespace: string): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${roleName(component)}-binding`, labels: componentLabels(component) },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: roleName(component) },
    subjects: [{ kind: 'ServiceAccount', name: SERVICE_ACCOUNTS[component], namespace }],
  };
}

/**
 * The binding of Brupop 1.x to {@link AUTH_DELEGATOR_ROLE}, without subjects. The role of a binding cannot be changed, and an object that
 * is left out of a manifest stays in the cluster: applied over the original's, this one takes the permission away.
 */
export function emptyAuthDelegatorBinding(): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'brupop-apiserver-auth-delegator-role-binding', labels: componentLabels('apiserver') },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: AUTH_DELEGATOR_ROLE },
    subjects: [],
  };
}

/** Role and RoleBinding for what a component may do in the operator's namespace. */
export function namespaceRole(component: Component, namespace: string, { namespace: rules }: Permissions): readonly KubernetesObject[] {
  const name = roleName(component);
  const labels = componentLabels(component);
  return [
    { apiVersion: API_VERSION, kind: 'Role', metadata: { name, namespace, labels }, rules },
    {
      apiVersion: API_VERSION,
      kind: 'RoleBinding',
      metadata: { name: `${name}-binding`, namespace, labels },
      roleRef: { apiGroup: RBAC, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: SERVICE_ACCOUNTS[component], namespace }],
    },
  ];
}

function roleName(component: Component): string {
  return `brupop-${component}-role`;
}
