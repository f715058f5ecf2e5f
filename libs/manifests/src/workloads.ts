import { ROUTES } from '@brupop/agent-api';
import {
  AGENT_DAEMON_SET,
  APISERVER_CERTIFICATE,
  APISERVER_COMPONENT,
  APISERVER_DEPLOYMENT,
  APISERVER_SERVICE,
  CLIENT_CERTIFICATE,
  COMPONENT_LABEL,
  CONTROLLER_DEPLOYMENT,
  CONTROLLER_SERVICE,
  TOKEN_AUDIENCE,
} from '@brupop/crd-models';
import { componentLabels, selectorLabels, type Component, type KubernetesObject, type KubernetesValue } from './objects.ts';
import type { Installation } from './options.ts';
import {
  envOf,
  podTemplate,
  RESTRICTED,
  SECRET_MODE,
  SERVER_TOLERATIONS,
  TLS_MOUNT,
  TLS_VOLUME,
  UNPRIVILEGED,
  UNPRIVILEGED_POD,
} from './pods.ts';
import { startupProbe, probe } from './probes.ts';

/** PriorityClass of the controller. */
export const CONTROLLER_PRIORITY_CLASS = 'brupop-controller-high-priority';

const TOKEN_VOLUME = 'bottlerocket-agent-service-account-token';
const SOCKET_VOLUME = 'bottlerocket-api-socket';
const LOGGING = { LOGGING_FORMATTER: 'json', LOGGING_ANSI_ENABLED: 'false', TRACING_FILTER_DIRECTIVE: 'info' };
const DRAIN = { DRAIN_TIMEOUT_SECONDS: '900', DRAIN_TIMEOUT_ACTION: 'skip' };
// The last two say "always", as the expression does: whichever is chosen counts.
const FLEET = {
  MAX_CONCURRENT_UPDATE: '1',
  MAX_UNAVAILABLE: '',
  SCHEDULER_CRON_EXPRESSION: '* * * * * * *',
  UPDATE_WINDOW_START: '0:0:0',
  UPDATE_WINDOW_STOP: '0:0:0',
};
const scrape = (port: number): Readonly<Record<string, string>> => ({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) });

const secretVolume = (secretName: string): KubernetesValue => ({
  name: TLS_VOLUME,
  secret: { secretName, defaultMode: SECRET_MODE, optional: false },
});

function metadata(name: string, component: Component, { namespace }: Installation): KubernetesObject['metadata'] {
  return { name, namespace, labels: componentLabels(component) };
}

// An agent has its own pod network, so no other port is needed.
const AGENT_READINESS_PORT = 8081;

/** DaemonSet `brupop-agent`. */
export function agentDaemonSet(installation: Installation): KubernetesObject {
  const template = podTemplate('agent', installation, {
    env: envOf(
      { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '0', APISERVER_SERVICE_PORT: String(installation.apiserverServicePort), ...LOGGING },
      installation.env.agent,
      // Without a mounted ServiceAccount token no file has the namespace.
      { MY_NODE_NAME: 'spec.nodeName', MY_NAMESPACE: 'metadata.namespace' },
    ),
    // The host's socket belongs to root and to SELinux type super_t; nothing else of root's powers is needed.
    securityContext: { ...RESTRICTED, runAsUser: 0, seLinuxOptions: { user: 'system_u', role: 'system_r', type: 'super_t', level: 's0' } },
    container: { readinessProbe: probe({ path: '/readyz', port: AGENT_READINESS_PORT }) },
    volumeMounts: [
      { name: SOCKET_VOLUME, mountPath: '/run/api.sock' },
      { name: TOKEN_VOLUME, mountPath: '/var/run/secrets/tokens', readOnly: true },
      TLS_MOUNT,
    ],
    volumes: [
      { name: SOCKET_VOLUME, hostPath: { path: '/run/api.sock', type: 'Socket' } },
      {
        name: TOKEN_VOLUME,
        projected: { defaultMode: SECRET_MODE, sources: [{ serviceAccountToken: { audience: TOKEN_AUDIENCE, path: TOKEN_VOLUME } }] },
      },
      secretVolume(CLIENT_CERTIFICATE),
    ],
    // The Service's address, from the kubelet: on a cluster whose nodes are all cordoned there may be no DNS to ask.
    spec: { automountServiceAccountToken: false, enableServiceLinks: true },
    // A labelled node is to be updated whatever its taints are.
    placement: { tolerations: [{ operator: 'Exists' }] },
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(AGENT_DAEMON_SET, 'agent', installation),
    spec: {
      selector: { matchLabels: selectorLabels('agent') },
      // An agent that ends soon after its start, for a setting that it refuses say, stops the rollout at the limit below.
      minReadySeconds: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      template,
    },
  };
}

/** Deployment `brupop-apiserver`. */
export function apiserverDeployment(installation: Installation): KubernetesObject {
  const { apiserverInternalPort: port, apiserverReplicas: replicas, metricsPorts } = installation;
  const template = podTemplate('apiserver', installation, {
    env: envOf({ APISERVER_INTERNAL_PORT: String(port), ...DRAIN, ...LOGGING }, installation.env.apiserver),
    securityContext: UNPRIVILEGED,
    container: {
      ports: [
        { name: 'https', containerPort: port },
        { name: 'metrics', containerPort: metricsPorts.apiserver },
      ],
      startupProbe: startupProbe({ path: ROUTES.ping, port, scheme: 'HTTPS' }),
      livenessProbe: probe({ path: ROUTES.ping, port, scheme: 'HTTPS' }),
      readinessProbe: probe({ path: ROUTES.ready, port, scheme: 'HTTPS' }),
    },
    spec: { securityContext: UNPRIVILEGED_POD },
    annotations: scrape(metricsPorts.apiserver),
    volumeMounts: [TLS_MOUNT],
    volumes: [secretVolume(APISERVER_CERTIFICATE)],
    placement: { podAntiAffinity: APART, topologySpreadConstraints: SPREAD },
    tolerations: SERVER_TOLERATIONS,
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(APISERVER_DEPLOYMENT, 'apiserver', installation),
    spec: {
      replicas,
      selector: { matchLabels: selectorLabels('apiserver') },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '33%' } },
      template,
    },
  };
}

// Preferred, not required, as is the spread below: a cluster of one node should run the operator too.
const APART: KubernetesValue = {
  preferredDuringSchedulingIgnoredDuringExecution: [
    {
      weight: 1,
      podAffinityTerm: {
        labelSelector: { matchExpressions: [{ key: COMPONENT_LABEL, operator: 'In', values: [APISERVER_COMPONENT] }] },
        topologyKey: 'kubernetes.io/hostname',
      },
    },
  ],
};

const SPREAD: readonly KubernetesValue[] = [
  {
    maxSkew: 1,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selectorLabels('apiserver') },
  },
];

/** PodDisruptionBudget `brupop-apiserver`: a drain must not take away all the replicas that drain. */
export function apiserverDisruptionBudget(installation: Installation): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(APISERVER_DEPLOYMENT, 'apiserver', installation),
    // Replicas that are not ready drain no node: they may be evicted, or a broken apiserver would block the drain of its own node.
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: selectorLabels('apiserver') } },
  };
}

/** Deployment `brupop-controller-deployment`. */
export function controllerDeployment(installation: Installation): KubernetesObject {
  const port = installation.metricsPorts.controller;
  const template = podTemplate('controller', installation, {
    env: envOf({ ...FLEET, CERTIFICATES: installation.certificates, ...LOGGING }, installation.env.controller, {
      MY_NODE_NAME: 'spec.nodeName',
    }),
    securityContext: UNPRIVILEGED,
    container: {
      ports: [{ name: 'metrics', containerPort: port }],
      startupProbe: startupProbe({ path: '/healthz', port }),
      livenessProbe: probe({ path: '/healthz', port }),
      readinessProbe: probe({ path: '/readyz', port }),
    },
    volumeMounts: [],
    volumes: [],
    placement: { priorityClassName: CONTROLLER_PRIORITY_CLASS },
    tolerations: SERVER_TOLERATIONS,
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(CONTROLLER_DEPLOYMENT, 'controller', installation),
    spec: { replicas: 1, selector: { matchLabels: selectorLabels('controller') }, strategy: { type: 'Recreate' }, template },
  };
}

/** Service `brupop-apiserver`, for agents and for kube-apiserver's conversion webhook. */
export function apiserverService(installation: Installation): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: withAnnotations(metadata(APISERVER_SERVICE, 'apiserver', installation), installation.serviceAnnotations.apiserver),
    spec: {
      ports: [{ port: installation.apiserverServicePort, targetPort: installation.apiserverInternalPort }],
      selector: selectorLabels('apiserver'),
    },
  };
}

/**
 * Service `brupop-controller-server`, for the metrics. Only it has scrape annotations: with those of the pod, each sample would come twice.
 */
export function controllerService(installation: Installation): KubernetesObject {
  const port = installation.metricsPorts.controller;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: withAnnotations(
      metadata(CONTROLLER_SERVICE, 'controller', installation),
      installation.serviceAnnotations.controller ?? scrape(port),
    ),
    spec: { ports: [{ name: 'main', port: 80, targetPort: port }], selector: selectorLabels('controller') },
  };
}

function withAnnotations(
  metadata: KubernetesObject['metadata'],
  annotations: Readonly<Record<string, string>> | undefined,
): KubernetesObject['metadata'] {
  return annotations === undefined ? metadata : { ...metadata, annotations };
}
