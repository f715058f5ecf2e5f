import {
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  EXCLUDED_FROM_LB_ANNOTATION,
  isOwned,
  soundNode,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { EXCLUDE_FROM_LB_LABEL, readyCondition, type KubeNode } from '@brupop/kube-objects';
import { nodeProblem, type OwnedNode } from '@brupop/state-machine';

/** What the cache keeps of a Node: whether it is Ready, and what guarded changes need. */
export interface CachedNode extends KubeNode {
  readonly metadata: KubeNode['metadata'] & { readonly uid: string };
  /** Whether the node has the opt-in label with the right value. */
  readonly managed: boolean;
  /** Only for nodes whose cordon or exclusion the operator owns, which are few at any time. */
  readonly owned?: OwnedState;
}

/** The part of an {@link OwnedNode} that the Node itself reports. */
export type OwnedState = Pick<OwnedNode, 'managed' | 'ready' | 'bootId'>;

// Almost all nodes are Ready: they share one object.
const READY: NonNullable<CachedNode['status']> = { conditions: [{ type: 'Ready', status: 'True' }] };

/** Reduces a Node to what the cache keeps. A Node with an invalid part counts as not Ready. */
export function transformNode(raw: KubeNode): CachedNode {
  const { object: node, fault } = soundNode(raw);
  const { name, uid = '', resourceVersion, labels = {}, annotations = {} } = node.metadata;
  const { unschedulable, taints } = node.spec ?? {};
  const owned = ownedStateOf(node);
  const kept = {
    labels: pick(labels, EXCLUDE_FROM_LB_LABEL),
    annotations: pick(annotations, CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION),
  };
  return {
    metadata: { name, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }), ...kept },
    ...(unschedulable === true || taints !== undefined ? { spec: { unschedulable: unschedulable === true, taints: taints ?? [] } } : {}),
    status:
      fault === undefined && nodeProblem(node) === undefined
        ? READY
        : { conditions: [readyCondition(node)].filter((condition) => condition !== undefined) },
    managed: isManaged(node),
    ...(owned === undefined ? {} : { owned }),
  };
}

const EMPTY: Readonly<Record<string, string>> = {};

/** The entries with these keys. */
function pick(all: Readonly<Record<string, string>>, ...keys: readonly string[]): Readonly<Record<string, string>> {
  const kept = keys.flatMap((key): [string, string][] => (all[key] === undefined ? [] : [[key, all[key]]]));
  return kept.length === 0 ? EMPTY : Object.fromEntries(kept);
}

/** Whether a node has opted in. */
export function isManaged({ metadata: { labels = {} } }: KubeNode): boolean {
  return labels[UPDATER_INTERFACE_LABEL] === UPDATER_INTERFACE_VERSION;
}

/** @returns undefined for a node of which the operator owns neither the cordon nor the exclusion from load balancers */
export function ownedStateOf(raw: KubeNode): OwnedState | undefined {
  const { object: node, fault } = soundNode(raw);
  if (!isOwned(node)) return undefined;
  return {
    managed: isManaged(node),
    ready: fault === undefined && nodeProblem(node) === undefined,
    bootId: node.status?.nodeInfo?.bootID,
  };
}

/** Whether a node has the taint that keeps the operator's servers off cordoned nodes. */
export function isTainted({ spec }: CachedNode): boolean {
  return spec?.taints?.some(({ key }) => key === CORDONED_TAINT) ?? false;
}
