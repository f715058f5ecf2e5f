import { CORDONED_ANNOTATION, EXCLUDE_FROM_LB_LABEL, EXCLUDED_FROM_LB_ANNOTATION } from './names.ts';

/** The part of a Node that tells whether an update holds it. */
export interface NodeOwnershipFields {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly unschedulable?: boolean };
}

/** The annotations by which the operator marks what is its own. */
export const OWNERSHIP_ANNOTATIONS: readonly OwnershipAnnotation[] = [CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION];
/** One of {@link OWNERSHIP_ANNOTATIONS}. */
export type OwnershipAnnotation = 'brupop.bottlerocket.aws/cordoned' | 'brupop.bottlerocket.aws/excluded-from-lb';

/** What a mark is worth: `void` if what it marks is gone, which only someone else can have undone. The operator sets and removes both in one patch. */
export type OwnershipState = 'absent' | 'valid' | 'void';

/** The state of one mark of a Node. Every component decides by this alone what the operator owns. */
export function ownershipState(
  { metadata: { labels, annotations }, spec }: NodeOwnershipFields,
  mark: OwnershipAnnotation,
): OwnershipState {
  if (annotations?.[mark] === undefined) return 'absent';
  const isInForce = mark === CORDONED_ANNOTATION ? spec?.unschedulable === true : labels?.[EXCLUDE_FROM_LB_LABEL] !== undefined;
  return isInForce ? 'valid' : 'void';
}

/** Whether an update holds the Node: it has cordoned it, or taken it out of external load balancers, and that is still in force. */
export function isOwned(node: NodeOwnershipFields): boolean {
  return OWNERSHIP_ANNOTATIONS.some((mark) => ownershipState(node, mark) === 'valid');
}

/** Whether the Node bears a mark whose cordon or label is gone. */
export function hasVoidOwnership(node: NodeOwnershipFields): boolean {
  return OWNERSHIP_ANNOTATIONS.some((mark) => ownershipState(node, mark) === 'void');
}
