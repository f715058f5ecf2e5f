import {
  ATTEMPTS_ANNOTATION,
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  EXCLUDED_FROM_LB_ANNOTATION,
  hasVoidOwnership,
  ownershipState,
  soundNode,
  soundPod,
  soundShadow,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
  WINDOW_ANNOTATION,
  type ObservedShadow,
  type ShadowStatus,
} from '@brupop/crd-models';
import {
  isCordoned,
  readyCondition,
  type KubeNode,
  type KubeObject,
  type KubePod,
  type ObjectMeta,
  type Taint,
} from '@brupop/kube-objects';
import type { NodeObservation } from '@brupop/state-machine';
import { intern } from './intern.ts';

interface Kept {
  readonly metadata: Pick<ObjectMeta, 'name' | 'resourceVersion'>;
}

/** What the cache keeps of a Node: about 200 bytes of 20 KB. */
export interface TransformedNode extends Kept {
  readonly observation: NodeObservation;
}

/** What the cache keeps of an agent's pod. */
export interface TransformedPod extends Kept {
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  /** RFC 3339; when its readiness last changed. */
  readonly since: string | undefined;
}

const ZONE_LABEL = 'topology.kubernetes.io/zone';
/** Kubernetes derives these from the conditions and the spec of a Node, a little later. */
const ECHOED_TAINTS = new Set(['not-ready', 'unreachable', 'unschedulable'].map((name) => `node.kubernetes.io/${name}`));

/** @throws TypeError for an object without a name */
export function transformNode(raw: KubeNode): TransformedNode {
  const { object: node, fault } = soundNode(raw);
  const { metadata, spec } = node;
  const ready = readyCondition(node);
  const zone = metadata.labels?.[ZONE_LABEL];
  return {
    metadata: kept(node),
    observation: {
      name: metadata.name,
      uid: metadata.uid ?? '',
      managed: metadata.labels?.[UPDATER_INTERFACE_LABEL] === UPDATER_INTERFACE_VERSION,
      ...(fault === undefined ? {} : { fault }),
      ready: fault === undefined && ready?.status === 'True',
      ...(ready?.lastTransitionTime === undefined ? {} : { readySince: ready.lastTransitionTime }),
      unschedulable: isCordoned(node),
      tainted: spec?.taints?.some(keepsPodsAway) === true,
      cordonedByUs: ownershipState(node, CORDONED_ANNOTATION) === 'valid',
      excludedByUs: ownershipState(node, EXCLUDED_FROM_LB_ANNOTATION) === 'valid',
      ...(hasVoidOwnership(node) ? { voidMark: true } : {}),
      ...(spec?.taints?.some(({ key }) => key === CORDONED_TAINT) === true ? { taintedByUs: true } : {}),
      ...(zone === undefined ? {} : { zone: intern(zone) }),
      deleting: metadata.deletionTimestamp !== undefined,
    },
  };
}

/** @throws TypeError for an object without a name */
export function transformPod(raw: KubePod): TransformedPod {
  const { object: pod } = soundPod(raw);
  const { status, lastTransitionTime } = readyCondition(pod) ?? {};
  const ending = pod.metadata.deletionTimestamp;
  return {
    metadata: kept(pod),
    nodeName: pod.spec?.nodeName,
    ready: status === 'True' && ending === undefined,
    since: ending ?? lastTransitionTime,
  };
}

/** Two RFC 3339 times and a separator; annotations can be edited manually. */
const LONGEST_INTERVAL = 80;

/**
 * A shadow without the fields that only people read. Most of 5,000 shadows contain the same texts: each text is kept once.
 * @throws TypeError for an object without a name
 */
export function transformShadow(raw: unknown): ObservedShadow {
  const { apiVersion, kind, metadata, spec, status, fault } = soundShadow(raw);
  const { name, namespace, uid, resourceVersion, creationTimestamp, annotations, ownerReferences } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key === WINDOW_ANNOTATION || key === ATTEMPTS_ANNOTATION);
  return {
    apiVersion: intern(apiVersion),
    kind: intern(kind),
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace: intern(namespace) }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp: intern(creationTimestamp) }),
      ...(kept.length === 0
        ? {}
        : { annotations: Object.fromEntries(kept.map(([key, value]) => [key, value.slice(0, LONGEST_INTERVAL)])) }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    spec,
    ...(status === undefined || status === null ? {} : { status: transformStatus(status) }),
    ...(fault === undefined ? {} : { fault }),
  };
}

function transformStatus(status: ShadowStatus): ShadowStatus {
  if (status.conditions === undefined) return status;
  const conditions = status.conditions.map(({ type, status, reason, message, lastTransitionTime }) => ({
    type,
    status,
    reason: intern(reason),
    message: intern(message),
    lastTransitionTime: intern(lastTransitionTime),
  }));
  return { ...status, conditions };
}

// Each cache holds one namespace, or none: the name is unique.
function kept({ metadata: { name, resourceVersion } }: KubeObject): Kept['metadata'] {
  return { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

const keepsPodsAway = ({ key, effect }: Taint): boolean => (effect === 'NoSchedule' || effect === 'NoExecute') && !ECHOED_TAINTS.has(key);
