import { UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { selectorLabels, type Component, type KubernetesValue } from './objects.ts';
import type { Installation, Placement, Resources } from './options.ts';
import { SERVICE_ACCOUNTS } from './rbac.ts';

/** What differs between the components' pods. */
export interface PodParts {
  readonly env: readonly KubernetesValue[];
  readonly volumeMounts: readonly KubernetesValue[];
  readonly volumes: readonly KubernetesValue[];
  readonly securityContext: KubernetesValue;
  /** Ports and probes. */
  readonly container?: Readonly<Record<string, KubernetesValue>>;
  /** More fields of the pod's spec. */
  readonly spec?: Readonly<Record<string, KubernetesValue>>;
  /** Unless others are chosen. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly placement: Placement;
  /** Taints that it always tolerates. */
  readonly tolerations?: readonly KubernetesValue[];
}

// Requests and memory limits are what docs/adr and the footprint tests hold each process to. There is no CPU limit on purpose: at
// 10m Node.js needs half a minute to start. An apiserver may have to hold the agents of those that died: with 256Mi, two were
// killed when 5,000 agents came back to them at once.
const RESOURCES: Readonly<Record<Component, Resources>> = {
  agent: { limits: { memory: '50Mi' }, requests: { cpu: '10m', memory: '32Mi' } },
  apiserver: { limits: { memory: '512Mi' }, requests: { cpu: '10m', memory: '80Mi' } },
  controller: { limits: { memory: '256Mi' }, requests: { cpu: '10m', memory: '48Mi' } },
};

/** Volume through which every component finds `ca.crt`, and the apiserver its certificate. */
export const TLS_VOLUME = 'bottlerocket-tls-keys';
/** Where it is mounted. */
export const TLS_MOUNT: KubernetesValue = { name: TLS_VOLUME, mountPath: '/etc/brupop-tls-keys', readOnly: true };

const UNPRIVILEGED_ID = 65_532;

/** What Pod Security's `restricted` level requires of a container, and a read-only root file system. */
export const RESTRICTED: Readonly<Record<string, KubernetesValue>> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** For what needs nothing of its node. */
export const UNPRIVILEGED: KubernetesValue = { ...RESTRICTED, runAsNonRoot: true, runAsUser: UNPRIVILEGED_ID, runAsGroup: UNPRIVILEGED_ID };

/** Makes what is mounted readable by an {@link UNPRIVILEGED} container. */
export const UNPRIVILEGED_POD: KubernetesValue = { fsGroup: UNPRIVILEGED_ID };

/**
 * Of apiserver and controller: they may run on cordoned nodes. Only they uncordon nodes, so without them a cluster whose nodes are all
 * cordoned, such as one node after a power failure during its drain, could not recover.
 */
export const SERVER_TOLERATIONS: readonly KubernetesValue[] = [
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/** Readable by its owner and its group alone (0440): the volume may hold a private key. */
export const SECRET_MODE = 0o440;

/** Environment entries from names and values, then those of the operator's own choice, which win. */
export function envOf(
  values: Readonly<Record<string, string>>,
  chosen: Readonly<Record<string, string>> | undefined,
  fieldRefs: Readonly<Record<string, string>> = {},
): readonly KubernetesValue[] {
  return [
    ...Object.entries(fieldRefs).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ...Object.entries({ ...values, ...chosen }).map(([name, value]) => ({ name, value })),
  ];
}

/** The pod template of a component. */
export function podTemplate(component: Component, installation: Installation, parts: PodParts): KubernetesValue {
  const { podLabels, image, imagePullPolicy, imagePullSecrets, resources } = installation;
  const annotations = installation.podAnnotations[component] ?? parts.annotations;
  const placement = { ...parts.placement, ...installation.placement[component] };
  const tolerations = parts.tolerations === undefined ? placement.tolerations : [...parts.tolerations, ...(placement.tolerations ?? [])];
  return {
    metadata: {
      labels: { ...podLabels, ...selectorLabels(component) },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      affinity: affinity(component, placement),
      ...(placement.nodeSelector === undefined ? {} : { nodeSelector: placement.nodeSelector }),
      ...(placement.topologySpreadConstraints === undefined ? {} : { topologySpreadConstraints: placement.topologySpreadConstraints }),
      ...(tolerations === undefined ? {} : { tolerations }),
      ...(placement.priorityClassName === undefined ? {} : { priorityClassName: placement.priorityClassName }),
      ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      serviceAccountName: SERVICE_ACCOUNTS[component],
      // The addresses of all Services of the namespace have no place in the environment.
      enableServiceLinks: false,
      ...parts.spec,
      containers: [
        {
          name: 'brupop',
          image: typeof image === 'string' ? image : image[component],
          ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
          command: [`./${component}`],
          env: parts.env,
          ...parts.container,
          // The last lines of a process that has ended show why: `kubectl describe pod` has them.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          resources: { ...RESOURCES[component], ...resources[component] },
          securityContext: parts.securityContext,
          volumeMounts: parts.volumeMounts,
        },
      ],
      volumes: parts.volumes,
    },
  };
}

function affinity(component: Component, { podAffinity, podAntiAffinity }: Placement): KubernetesValue {
  const isIn = (key: string, ...values: readonly string[]): KubernetesValue => ({ key, operator: 'In', values });
  const matchExpressions = [
    isIn('kubernetes.io/os', 'linux'),
    ...(component === 'agent' ? [isIn(UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION)] : []),
    isIn('kubernetes.io/arch', 'amd64', 'arm64'),
  ];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
    ...(podAffinity === undefined ? {} : { podAffinity }),
    ...(podAntiAffinity === undefined ? {} : { podAntiAffinity }),
  };
}
