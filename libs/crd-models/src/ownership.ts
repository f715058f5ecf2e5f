import { isCordoned, isExcludedFromLoadBalancers, type KubeNode } from '@brupop/kube-objects';
import { CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION } from './names.ts';

/** The part of a Node that shows what the operator owns. */
export interface NodeOwnershipFields extends Pick<KubeNode, 'spec'> {
  readonly metadata: Pick<KubeNode['metadata'], 'labels' | 'annotations'>;
}

/** The annotations that record the operator's cordon and exclusion as its own. */
export const OWNERSHIP_ANNOTATIONS: readonly OwnershipAnnotation[] = [CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION];
/** One of {@link OWNERSHIP_ANNOTATIONS}. */
export type OwnershipAnnotation = typeof CORDONED_ANNOTATION | typeof EXCLUDED_FROM_LB_ANNOTATION;

/** `void`: another client has undone the cordon or label, which the operator changes only together with the annotation. */
export type OwnershipState = 'absent' | 'valid' | 'void';

/** The state of one ownership annotation of a Node. */
export function ownershipState(node: NodeOwnershipFields, annotation: OwnershipAnnotation): OwnershipState {
  if (node.metadata.annotations?.[annotation] === undefined) return 'absent';
  const isInForce = annotation === CORDONED_ANNOTATION ? isCordoned(node) : isExcludedFromLoadBalancers(node);
  return isInForce ? 'valid' : 'void';
}

/** Whether the operator owns the cordon of the Node, or its exclusion from external load balancers. */
export function isOwned(node: NodeOwnershipFields): boolean {
  return OWNERSHIP_ANNOTATIONS.some((annotation) => ownershipState(node, annotation) === 'valid');
}

/** Whether the Node has an ownership annotation whose cordon or label is gone. */
export function hasVoidOwnership(node: NodeOwnershipFields): boolean {
  return OWNERSHIP_ANNOTATIONS.some((annotation) => ownershipState(node, annotation) === 'void');
}
