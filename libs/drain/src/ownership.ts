import { isCordoned, isExcludedFromLoadBalancers, timestampMs, type KubeNode } from '@brupop/kube-objects';

/** Names on the Node that distinguish an operator's cordon and exclusion from those of other clients. */
export interface OwnershipNames {
  /** Annotation that records the operator's cordon. */
  readonly cordonAnnotation: string;
  /** Annotation that records the operator's exclusion from load balancers. */
  readonly exclusionAnnotation: string;
  /** Key of the `PreferNoSchedule` taint of cordoned nodes. */
  readonly cordonTaint: string;
}

/** What an ownership annotation records. */
export interface Ownership {
  /** RFC 3339; when the operator cordoned or excluded the node. */
  readonly since: string;
  /** The value before that, `null` if there was none. */
  readonly prior: string | null;
  /** Of a cordon: UIDs of the pods to be evicted last that were on the node before it. Other such pods have come since. */
  readonly last?: readonly string[];
  /** Of a cordon: UIDs of the other pods that ignore cordons and were on the node before it. */
  readonly present?: readonly string[];
  /** Of a cordon: pods that were on the node before it used volumes that may be attached to the node. */
  readonly volumes?: true;
}

/** An {@link Ownership} as it was read: its time is unknown if the annotation is invalid. */
export type RecordedOwnership = Omit<Ownership, 'since'> & { readonly since?: string };

/** Reads an ownership annotation; undefined if there is none. An invalid one counts as owned, since no other client writes it. */
export function parseOwnership(text: string | undefined): RecordedOwnership | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return { prior: null };
    const { since, prior, last, present, volumes } = value as Readonly<Partial<Record<keyof Ownership, unknown>>>;
    return {
      ...(typeof since === 'string' && timestampMs(since) !== undefined ? { since } : {}),
      prior: typeof prior === 'string' ? prior : null,
      ...(Array.isArray(last) ? { last: last.filter((uid) => typeof uid === 'string') } : {}),
      ...(Array.isArray(present) ? { present: present.filter((uid) => typeof uid === 'string') } : {}),
      ...(volumes === true ? { volumes } : {}),
    };
  } catch {
    return { prior: null };
  }
}

/** The recorded cordon; undefined if there is none, or if another client has uncordoned the node, which makes the annotation void. */
export function ownedCordon(node: KubeNode, { cordonAnnotation }: OwnershipNames): RecordedOwnership | undefined {
  return isCordoned(node) ? parseOwnership(node.metadata.annotations?.[cordonAnnotation]) : undefined;
}

/** The recorded exclusion, likewise. */
export function ownedExclusion(node: KubeNode, { exclusionAnnotation }: OwnershipNames): RecordedOwnership | undefined {
  return isExcludedFromLoadBalancers(node) ? parseOwnership(node.metadata.annotations?.[exclusionAnnotation]) : undefined;
}

/** The ownership annotations of a node whose cordon or exclusion is gone. */
export function voidAnnotations(node: KubeNode, { cordonAnnotation, exclusionAnnotation }: OwnershipNames): readonly string[] {
  const inForce = new Set([
    ...(isCordoned(node) ? [cordonAnnotation] : []),
    ...(isExcludedFromLoadBalancers(node) ? [exclusionAnnotation] : []),
  ]);
  const { annotations } = node.metadata;
  return [cordonAnnotation, exclusionAnnotation].filter((name) => annotations?.[name] !== undefined && !inForce.has(name));
}
