import { humanDuration } from './human-duration.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** A column of `kubectl get`; those of priority 1 show only with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly cell: (object: KubeObject, nowMs: number) => unknown;
}

const column = (name: string, cell: Column['cell'], type = 'string', priority = 0): Column => ({ name, type, priority, cell });
const wide = (name: string, cell: Column['cell']): Column => column(name, cell, 'string', 1);
const text = (value: unknown, otherwise = '<none>'): string =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : otherwise;
const count = (path: string): Column['cell'] => {
  return (object) => Number(valueAt(object, path) ?? 0);
};
const at = (path: string, otherwise = '<none>'): Column['cell'] => {
  return (object) => text(valueAt(object, path), otherwise);
};
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const pairs = (value: unknown): string =>
  isRecord(value) && Object.keys(value).length > 0
    ? Object.entries(value)
        .map(([key, each]) => `${key}=${String(each)}`)
        .join(',')
    : '<none>';

/** The time since an RFC 3339 timestamp. */
export const since = (value: unknown, nowMs: number): string =>
  typeof value === 'string' ? humanDuration(nowMs - Date.parse(value)) : '<unknown>';

export const NAME: Column = column('Name', ({ metadata }) => metadata.name);
export const AGE: Column = column('Age', ({ metadata }, nowMs) => since(metadata.creationTimestamp, nowMs));
const CREATED = column('Created At', ({ metadata }) => metadata.creationTimestamp, 'date');
const CONTAINERS = wide('Containers', (object) =>
  records(valueAt(object, 'spec.template.spec.containers'))
    .map(({ name }) => text(name))
    .join(','),
);
const IMAGES = wide('Images', (object) =>
  records(valueAt(object, 'spec.template.spec.containers'))
    .map(({ image }) => text(image))
    .join(','),
);
const SELECTOR = wide('Selector', (object) => pairs(valueAt(object, 'spec.selector.matchLabels')));

function nodeStatus(node: KubeObject): string {
  const ready = records(valueAt(node, 'status.conditions')).find(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return valueAt(node, 'spec.unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles({ metadata }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return roles.length === 0
    ? '<none>'
    : roles
        .map((label) => label.slice(prefix.length))
        .sort()
        .join(',');
}

const address = (kind: string): Column['cell'] => {
  return (node) => text(records(valueAt(node, 'status.addresses')).find(({ type }) => type === kind)?.['address']);
};

function podStatus(pod: KubeObject): string {
  const phase = text(valueAt(pod, 'status.reason') ?? valueAt(pod, 'status.phase'), 'Unknown');
  const waiting = records(valueAt(pod, 'status.containerStatuses'))
    .map((status) => valueAt(status, 'state.waiting.reason') ?? valueAt(status, 'state.terminated.reason'))
    .find((reason) => typeof reason === 'string' && reason !== '');
  if (pod.metadata.deletionTimestamp === undefined) return text(waiting, phase);
  return ['Succeeded', 'Failed'].includes(phase) ? phase : 'Terminating';
}

function readyContainers(pod: KubeObject): string {
  const ready = records(valueAt(pod, 'status.containerStatuses')).filter((status) => status['ready'] === true).length;
  return `${String(ready)}/${String(records(valueAt(pod, 'spec.containers')).length)}`;
}

const ports = (service: KubeObject): string =>
  records(valueAt(service, 'spec.ports'))
    .map(({ port, nodePort, protocol }) => `${text(port)}${nodePort === undefined ? '' : `:${text(nodePort)}`}/${text(protocol, 'TCP')}`)
    .join(',') || '<none>';

const involved = (event: KubeObject): string =>
  `${text(valueAt(event, 'involvedObject.kind'), '').toLowerCase()}/${text(valueAt(event, 'involvedObject.name'), '')}`;

const lastSeen = (event: KubeObject, nowMs: number): string =>
  since(valueAt(event, 'series.lastObservedTime') ?? event['lastTimestamp'] ?? event['eventTime'] ?? event['firstTimestamp'], nowMs);

const role = (binding: KubeObject): string => `${text(valueAt(binding, 'roleRef.kind'))}/${text(valueAt(binding, 'roleRef.name'))}`;
const entries = (value: unknown): number => (isRecord(value) ? Object.keys(value).length : 0);

/** Columns of the built-in resources, in kubectl's order; others show name and age. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  nodes: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    column('Version', at('status.nodeInfo.kubeletVersion', '')),
    wide('Internal-IP', address('InternalIP')),
    wide('External-IP', address('ExternalIP')),
    wide('OS-Image', at('status.nodeInfo.osImage', '<unknown>')),
    wide('Kernel-Version', at('status.nodeInfo.kernelVersion', '<unknown>')),
    wide('Container-Runtime', at('status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ],
  pods: [
    NAME,
    column('Ready', readyContainers),
    column('Status', podStatus),
    column('Restarts', (pod) =>
      String(records(valueAt(pod, 'status.containerStatuses')).reduce((sum, status) => sum + Number(status['restartCount'] ?? 0), 0)),
    ),
    AGE,
    wide('IP', at('status.podIP')),
    wide('Node', at('spec.nodeName')),
    wide('Nominated Node', at('status.nominatedNodeName')),
    wide('Readiness Gates', () => '<none>'),
  ],
  namespaces: [NAME, column('Status', at('status.phase', '')), AGE],
  services: [
    NAME,
    column('Type', at('spec.type', '')),
    column('Cluster-IP', at('spec.clusterIP')),
    column('External-IP', () => '<none>'),
    column('Port(s)', ports),
    AGE,
    wide('Selector', (service) => pairs(valueAt(service, 'spec.selector'))),
  ],
  configmaps: [NAME, column('Data', (map) => entries(map['data']) + entries(map['binaryData'])), AGE],
  secrets: [NAME, column('Type', at('type', 'Opaque')), column('Data', (secret) => entries(secret['data'])), AGE],
  serviceaccounts: [NAME, column('Secrets', (account) => records(account['secrets']).length, 'integer'), AGE],
  events: [
    column('Last Seen', lastSeen),
    column('Type', at('type', '')),
    column('Reason', at('reason', '')),
    column('Object', involved),
    wide('Source', (event) => text(valueAt(event, 'source.component') ?? event['reportingComponent'], '')),
    column('Message', (event) => text(event['message'], '').trim()),
    wide('Count', (event) => Number(event['count'] ?? valueAt(event, 'series.count') ?? 1)),
    wide('Name', ({ metadata }) => metadata.name),
  ],
  'deployments.apps': [
    NAME,
    column('Ready', (object) => `${asText(valueAt(object, 'status.readyReplicas') ?? 0)}/${asText(valueAt(object, 'spec.replicas') ?? 0)}`),
    column('Up-to-date', count('status.updatedReplicas')),
    column('Available', count('status.availableReplicas')),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'replicasets.apps': [
    NAME,
    column('Desired', count('spec.replicas'), 'integer'),
    column('Current', count('status.replicas'), 'integer'),
    column('Ready', count('status.readyReplicas'), 'integer'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'statefulsets.apps': [
    NAME,
    column('Ready', (object) => `${asText(valueAt(object, 'status.readyReplicas') ?? 0)}/${asText(valueAt(object, 'spec.replicas') ?? 0)}`),
    AGE,
    CONTAINERS,
    IMAGES,
  ],
  'daemonsets.apps': [
    NAME,
    column('Desired', count('status.desiredNumberScheduled'), 'integer'),
    column('Current', count('status.currentNumberScheduled'), 'integer'),
    column('Ready', count('status.numberReady'), 'integer'),
    column('Up-to-date', count('status.updatedNumberScheduled'), 'integer'),
    column('Available', count('status.numberAvailable'), 'integer'),
    column('Node Selector', (object) => pairs(valueAt(object, 'spec.template.spec.nodeSelector'))),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'poddisruptionbudgets.policy': [
    NAME,
    column('Min Available', at('spec.minAvailable', 'N/A')),
    column('Max Unavailable', at('spec.maxUnavailable', 'N/A')),
    column('Allowed Disruptions', count('status.disruptionsAllowed'), 'integer'),
    AGE,
  ],
  'networkpolicies.networking.k8s.io': [
    NAME,
    column('Pod-Selector', (object) => pairs(valueAt(object, 'spec.podSelector.matchLabels'))),
    AGE,
  ],
  'leases.coordination.k8s.io': [NAME, column('Holder', at('spec.holderIdentity', '')), AGE],
  'priorityclasses.scheduling.k8s.io': [
    NAME,
    column('Value', (object) => object['value'] ?? 0, 'integer'),
    column('Global-Default', (object) => object['globalDefault'] === true, 'boolean'),
    AGE,
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [NAME, CREATED],
  'roles.rbac.authorization.k8s.io': [NAME, CREATED],
  'clusterroles.rbac.authorization.k8s.io': [NAME, CREATED],
  'rolebindings.rbac.authorization.k8s.io': [NAME, column('Role', role), AGE],
  'clusterrolebindings.rbac.authorization.k8s.io': [NAME, column('Role', role), AGE],
};
