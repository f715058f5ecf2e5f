import { ATTEMPTS_ANNOTATION, WINDOW_ANNOTATION, type BottlerocketShadow, type ShadowState } from '@brupop/crd-models';
import { formatTimestamp } from '@brupop/kube-objects';
import type { FleetChange } from './plan.ts';
import type { ChangeReason } from './reasons.ts';

/** The shadow that a change applies to. */
export interface Target {
  readonly node: string;
  readonly shadow: BottlerocketShadow;
}

/** Sets the desired state of a node. */
export function specChange(
  { node, shadow }: Target,
  state: ShadowState,
  version: string | null,
  now: number,
  reason: ChangeReason,
  message: string,
): FleetChange {
  const spec = { state, state_transition_timestamp: formatTimestamp(now), version };
  return { kind: 'spec', ...identity({ node, shadow }), reason, message, spec };
}

/** Deletes a shadow that no agent needs any longer. */
export function deletion(target: Target, reason: ChangeReason, message: string): FleetChange {
  return { kind: 'delete-shadow', ...identity(target), uid: target.shadow.metadata.uid ?? '', reason, message };
}

function identity({ node, shadow }: Target): { node: string; shadow: string; resourceVersion: string } {
  return { node, shadow: shadow.metadata.name, resourceVersion: shadow.metadata.resourceVersion ?? '' };
}

/** The shadow after the change; undefined if the change deletes it. */
export function changed(shadow: BottlerocketShadow, change: FleetChange): BottlerocketShadow | undefined {
  if (change.kind === 'delete-shadow') return undefined;
  const { spec } = change;
  const changes = annotationsOf(change);
  if (Object.keys(changes).length === 0) return { ...shadow, spec };
  const annotations = Object.entries({ ...shadow.metadata.annotations, ...changes }).filter(([, value]) => value !== null);
  return { ...shadow, metadata: { ...shadow.metadata, annotations: Object.fromEntries(annotations) as Record<string, string> }, spec };
}

/** The annotations that are written with a change of a spec, as a merge patch. */
export function annotationsOf({
  windowAnnotation,
  attemptsAnnotation,
}: Extract<FleetChange, { kind: 'spec' }>): Readonly<Record<string, string | null>> {
  return {
    ...(windowAnnotation === undefined ? {} : { [WINDOW_ANNOTATION]: windowAnnotation }),
    ...(attemptsAnnotation === undefined ? {} : { [ATTEMPTS_ANNOTATION]: attemptsAnnotation }),
  };
}
