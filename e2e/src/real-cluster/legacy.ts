import {
  AGENT_COMPONENT,
  AGENT_DAEMON_SET,
  AGENT_SERVICE_ACCOUNT,
  APISERVER_COMPONENT,
  APISERVER_DEPLOYMENT,
  APISERVER_SERVICE,
  APISERVER_SERVICE_ACCOUNT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CONTROLLER_DEPLOYMENT,
  CONTROLLER_SERVICE,
  CONTROLLER_SERVICE_ACCOUNT,
  CRD_NAME,
  DEFAULT_NAMESPACE,
  GROUP,
  KIND,
  PLURAL,
  SHADOW_STATES,
  SHADOW_V1_STATES,
  SHORT_NAME,
  SINGULAR,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { SANDBOX_IMAGE } from './cluster/node-config.ts';

/** The objects of an installation of Brupop 1.x; its pods only wait, since its images are not available here. */
export function legacyObjects(): object[] {
  return [...accounts(), ...roles(), ...services(), ...workloads()];
}

const namespace = DEFAULT_NAMESPACE;
const labelsOf = (component: string): Record<string, string> => ({
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/managed-by': 'brupop',
  'app.kubernetes.io/part-of': 'brupop',
  [COMPONENT_LABEL]: component,
});
const metadata = (name: string, component: string): object => ({ name, namespace, labels: labelsOf(component) });

/**
 * The resource of Brupop 1.x, without the bounds of its fields.
 * @param storage the version that shadows are kept in: v1 before Brupop 1.0, v2 since
 */
export function legacyDefinition(storage: 'v1' | 'v2'): object {
  const version = (name: string, states: readonly string[], more: object): object => ({
    name,
    served: true,
    storage: name === storage,
    subresources: { status: {} },
    schema: {
      openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: specSchema(states), status: statusSchema(states, more) } },
    },
  });
  const crash = {
    crash_count: { type: 'integer', format: 'uint32', minimum: 0 },
    state_transition_failure_timestamp: { type: 'string', nullable: true },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: CRD_NAME },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: KIND, plural: PLURAL, singular: SINGULAR, shortNames: [SHORT_NAME] },
      versions: [version('v2', SHADOW_STATES, crash), version('v1', SHADOW_V1_STATES, {})],
    },
  };
}

const specSchema = (states: readonly string[]): object => ({
  type: 'object',
  required: ['state'],
  properties: {
    state: { type: 'string', enum: states },
    state_transition_timestamp: { type: 'string', nullable: true },
    version: { type: 'string', nullable: true },
  },
});

const statusSchema = (states: readonly string[], more: object): object => ({
  type: 'object',
  nullable: true,
  required: ['current_state', 'current_version', 'target_version'],
  properties: {
    current_state: { type: 'string', enum: states },
    current_version: { type: 'string' },
    target_version: { type: 'string' },
    ...more,
  },
});

const COMPONENTS = [
  { component: AGENT_COMPONENT, account: AGENT_SERVICE_ACCOUNT, role: 'brupop-agent-role' },
  { component: APISERVER_COMPONENT, account: APISERVER_SERVICE_ACCOUNT, role: 'brupop-apiserver-role' },
  { component: CONTROLLER_COMPONENT, account: CONTROLLER_SERVICE_ACCOUNT, role: 'brupop-controller-role' },
] as const;

function accounts(): object[] {
  return COMPONENTS.map(({ component, account }) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { ...metadata(account, component), annotations: { 'kubernetes.io/service-account.name': account } },
  }));
}

function roles(): object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const bind = (name: string, role: string, account: string, component: string): object => ({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: labelsOf(component) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
  const rules = [
    { apiGroups: [GROUP], resources: [PLURAL, `${PLURAL}/status`], verbs: ['create', 'get', 'list', 'patch', 'update', 'watch'] },
    { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['get', 'list', 'patch', 'watch'] },
  ];
  return [
    ...COMPONENTS.map(({ component, role }) => ({
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: role, labels: labelsOf(component) },
      rules,
    })),
    ...COMPONENTS.map(({ component, account, role }) => bind(`${role}-binding`, role, account, component)),
    bind('brupop-apiserver-auth-delegator-role-binding', 'system:auth-delegator', APISERVER_SERVICE_ACCOUNT, APISERVER_COMPONENT),
  ];
}

function services(): object[] {
  const service = (name: string, component: string, port: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, component),
    spec: { selector: { [COMPONENT_LABEL]: component }, ports: [port] },
  });
  return [
    service(APISERVER_SERVICE, APISERVER_COMPONENT, { port: 443, targetPort: 8443 }),
    service(CONTROLLER_SERVICE, CONTROLLER_COMPONENT, { port: 80, targetPort: 8080 }),
  ];
}

function workloads(): object[] {
  const spec = (component: string, serviceAccountName: string, more: object = {}): object => ({
    selector: { matchLabels: { [COMPONENT_LABEL]: component } },
    template: {
      metadata: { labels: { [COMPONENT_LABEL]: component } },
      spec: { serviceAccountName, ...more, containers: [{ name: 'brupop', image: SANDBOX_IMAGE }] },
    },
  });
  const optIn = { nodeSelector: { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION } };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata(AGENT_DAEMON_SET, AGENT_COMPONENT),
      spec: spec(AGENT_COMPONENT, AGENT_SERVICE_ACCOUNT, optIn),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(APISERVER_DEPLOYMENT, APISERVER_COMPONENT),
      spec: {
        replicas: 3,
        strategy: { rollingUpdate: { maxUnavailable: '33%' } },
        ...spec(APISERVER_COMPONENT, APISERVER_SERVICE_ACCOUNT),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(CONTROLLER_DEPLOYMENT, CONTROLLER_COMPONENT),
      spec: { replicas: 1, strategy: { type: 'Recreate' }, ...spec(CONTROLLER_COMPONENT, CONTROLLER_SERVICE_ACCOUNT) },
    },
  ];
}
