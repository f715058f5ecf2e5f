import { matchesExpression } from '../api/storage/selectors.ts';
import type { NodeObject, NodeSelectorTerm, Taint, Toleration } from './objects.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether `labels` contain all of `wanted`. */
export function matchesLabels(wanted: Labels | undefined, labels: Labels = {}): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}

/** Whether a node matches one of the terms of a required node affinity. */
export function matchesNodeTerms(terms: readonly NodeSelectorTerm[] | undefined, node: NodeObject): boolean {
  if (terms === undefined) return true;
  const fields = { 'metadata.name': node.metadata.name };
  return terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.every((rule) => matchesExpression(rule, node.metadata.labels)) &&
      matchFields.every((rule) => matchesExpression(rule, fields)),
  );
}

/** Whether every taint that prevents scheduling is tolerated. */
export function toleratesTaints(tolerations: readonly Toleration[] | undefined, taints: readonly Taint[]): boolean {
  return ['NoSchedule', 'NoExecute'].every((effect) => countUntolerated(tolerations, taints, effect) === 0);
}

/** The number of taints of an effect that are not tolerated. */
export function countUntolerated(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[] | undefined,
  effect: string,
): number {
  const isTolerated = (taint: Taint): boolean => (tolerations ?? []).some((toleration) => tolerates(toleration, taint));
  return (taints ?? []).filter((taint) => taint.effect === effect && !isTolerated(taint)).length;
}

function tolerates({ key, operator = 'Equal', value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key === undefined || key === '') return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''));
}
