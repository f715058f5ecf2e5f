import { CORDONED_ANNOTATION, EXCLUDE_FROM_LB_LABEL, EXCLUDED_FROM_LB_ANNOTATION } from './names.ts';

/** The part of a Node that tells whether an update holds it. */
export interface MarkedNode {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly unschedulable?: boolean };
}

/** The annotations by which the operator marks what is its own. */
export const MARKS: readonly Mark[] = [CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION];
/** One of {@link MARKS}. */
export type Mark = 'brupop.bottlerocket.aws/cordoned' | 'brupop.bottlerocket.aws/excluded-from-lb';

/** What a mark is worth: `void` if what it marks is gone, which only someone else can have undone. The operator sets and removes both in one patch. */
export type MarkState = 'absent' | 'valid' | 'void';

/** The state of one mark of a Node. Every component decides by this alone what the operator owns. */
export function markState({ metadata: { labels, annotations }, spec }: MarkedNode, mark: Mark): MarkState {
  if (annotations?.[mark] === undefined) return 'absent';
  const isInForce = mark === CORDONED_ANNOTATION ? spec?.unschedulable === true : labels?.[EXCLUDE_FROM_LB_LABEL] !== undefined;
  return isInForce ? 'valid' : 'void';
}

/** Whether an update holds the Node: it has cordoned it, or taken it out of external load balancers, and that is still in force. */
export function isHeld(node: MarkedNode): boolean {
  return MARKS.some((mark) => markState(node, mark) === 'valid');
}

/** Whether the Node bears a mark whose cordon or label is gone. */
export function hasVoidMark(node: MarkedNode): boolean {
  return MARKS.some((mark) => markState(node, mark) === 'void');
}
