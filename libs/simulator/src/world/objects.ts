import type { ObjectMeta } from '@brupop/kube-objects';

/** The parts of Kubernetes objects that the simulated cluster uses. */
export interface Metadata extends ObjectMeta {
  readonly deletionGracePeriodSeconds?: number;
}

/** Any object of the API. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastHeartbeatTime?: string;
}

/** A Node: the fields that the simulated cluster uses. */
export interface NodeObject extends ApiObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[]; readonly providerID?: string };
  readonly status?: {
    readonly conditions?: readonly StatusCondition[];
    readonly nodeInfo?: Readonly<Record<string, string>>;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly readinessProbe?: { readonly httpGet?: { readonly path: string; readonly scheme?: string } };
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
    };
  };
  readonly tolerations?: readonly Toleration[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
}

/** A volume of a pod: the fields that attaching needs. */
export interface Volume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

/** A PersistentVolumeClaim: the fields that the simulated cluster uses. */
export interface ClaimObject extends ApiObject {
  readonly spec: { readonly volumeName?: string };
}

/** A VolumeAttachment: the fields that the simulated cluster uses. */
export interface AttachmentObject extends ApiObject {
  readonly spec: { readonly nodeName: string; readonly source: { readonly persistentVolumeName?: string } };
}

/** A Pod: the fields that the simulated cluster uses. */
export interface PodObject extends ApiObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly qosClass?: string;
    readonly startTime?: string;
    readonly conditions?: readonly StatusCondition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** A Deployment, ReplicaSet, StatefulSet or DaemonSet. */
export interface WorkloadObject extends ApiObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly podManagementPolicy?: string;
    readonly minReadySeconds?: number;
    readonly updateStrategy?: { readonly rollingUpdate?: { readonly maxUnavailable?: number | string } };
  };
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface DisruptionBudgetObject extends ApiObject {
  readonly spec: {
    readonly selector?: LabelSelector;
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
  };
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface ServiceObject extends ApiObject {
  readonly spec: { readonly selector?: Readonly<Record<string, string>> };
}

export interface LeaseObject extends ApiObject {
  readonly spec?: { readonly renewTime?: string; readonly holderIdentity?: string; readonly leaseDurationSeconds?: number };
}

/** The kinds that the simulated cluster reads or writes, and their types. */
export interface WorldObjects {
  Node: NodeObject;
  Pod: PodObject;
  Deployment: WorkloadObject;
  ReplicaSet: WorkloadObject;
  StatefulSet: WorkloadObject;
  DaemonSet: WorkloadObject;
  PodDisruptionBudget: DisruptionBudgetObject;
  Service: ServiceObject;
  Lease: LeaseObject;
  PersistentVolumeClaim: ClaimObject;
  VolumeAttachment: AttachmentObject;
}
export type WorldKind = keyof WorldObjects;

/** Identifies an object: `namespace` is absent for cluster-scoped ones. */
export interface Place {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name`, or `name`. */
export function keyOf({ namespace, name }: Place): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The inverse of {@link keyOf}. */
export function placeOf(key: string): Place {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The place of an object. */
export function placeOfObject({ metadata }: ApiObject): Place {
  return metadata.namespace === undefined ? { name: metadata.name } : { namespace: metadata.namespace, name: metadata.name };
}

/** A condition of a node or pod, by its type. */
export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly StatusCondition[] } },
  type: string,
): StatusCondition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the Ready condition of a node or pod is True. */
export function isReady(object: { readonly status?: { readonly conditions?: readonly StatusCondition[] } }): boolean {
  return conditionOf(object, 'Ready')?.status === 'True';
}

/** Whether a pod's containers have ended for good. */
export function isFinished({ status }: PodObject): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Whether a pod is neither finished nor terminating. */
export function isActive(pod: PodObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isFinished(pod);
}
