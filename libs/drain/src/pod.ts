import type { PodVolume, Toleration } from '@brupop/kube-objects';

/** The part of a Pod that a drain reads. */
export interface DrainPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    /** RFC 3339; the end of its grace period. */
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
    /** Which client set which fields. */
    readonly managedFields?: readonly { readonly fieldsV1?: unknown }[];
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly priority?: number;
    readonly tolerations?: readonly Toleration[];
    readonly volumes?: readonly PodVolume[];
  };
  readonly status?: { readonly phase?: string };
}

/** A PersistentVolumeClaim by its place. */
export interface Claim {
  readonly namespace: string;
  readonly name: string;
}

/** The claims that a pod uses. */
export function claimsOf({ metadata: { name, namespace = 'default' }, spec }: DrainPod): readonly Claim[] {
  return (spec?.volumes ?? []).flatMap((volume): Claim[] => {
    if (volume.persistentVolumeClaim !== undefined) return [{ namespace, name: volume.persistentVolumeClaim.claimName }];
    return volume.ephemeral === undefined ? [] : [{ namespace, name: `${name}-${volume.name ?? ''}` }];
  });
}

/** Pods of one namespace that have all of these labels, each with its value or one of its values. */
export interface PodSelector {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string | readonly string[]>>;
}

/** Whether `selector` matches `pod`. An absent selector matches none. */
export function selects(selector: PodSelector | undefined, pod: DrainPod): boolean {
  if (selector === undefined || pod.metadata.namespace !== selector.namespace) return false;
  return Object.entries(selector.labels).every(([label, values]) => [values].flat().includes(pod.metadata.labels?.[label] ?? ''));
}

/** The controller of the pod, which would replace it; undefined if it has none. */
export function controllerOf({ metadata: { namespace = '', ownerReferences } }: DrainPod): string | undefined {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? undefined : `${owner.kind} ${namespace}/${owner.name}`;
}

/** The taint of a cordoned node. https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-unschedulable */
const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * Whether the pod ignores cordons: it tolerates the taint of cordoned nodes, or was created with its `nodeName`, without a scheduler. Its
 * replacement after an eviction may come back to the same node.
 */
export function ignoresCordon(pod: DrainPod): boolean {
  return (pod.spec?.tolerations?.some(toleratesCordon) ?? false) || ownsNodeName(pod);
}

function toleratesCordon({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration): boolean {
  if (effect !== '' && effect !== UNSCHEDULABLE.effect) return false;
  if (key === '') return operator === 'Exists';
  return key === UNSCHEDULABLE.key && (operator === 'Exists' || value === '');
}

// A Binding sets `nodeName` without an entry in managedFields; a client that creates a pod with its `nodeName` gets one
// (`setPodNodeAndMetadata` in https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/storage/storage.go).
function ownsNodeName({ metadata: { managedFields } }: DrainPod): boolean {
  return managedFields?.some(({ fieldsV1 }) => hasField(fieldsV1, 'f:spec', 'f:nodeName')) ?? false;
}

function hasField(fields: unknown, ...path: readonly string[]): boolean {
  let at = fields;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at !== undefined;
}

/** How long a pod may exist after its grace period: the kubelet needs some time to remove it. */
export const OVERDUE_MS = 60_000;

/** `namespace/name`. */
export function podKey(pod: DrainPod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}

/** Distinguishes this pod from a later one with the same name. */
export function podIdentity(pod: DrainPod): string {
  return pod.metadata.uid ?? podKey(pod);
}
