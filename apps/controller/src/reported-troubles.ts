import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';

/** @returns by node: the reason why the conditions of its shadow say that it needs attention or that its drain is blocked; found at the first call */
export function reportedTroubles(shadows: readonly BottlerocketShadow[]): (node: string) => string | undefined {
  let reported: Map<string | undefined, string> | undefined;
  return (node) => (reported ??= new Map(shadows.flatMap(troubleOf))).get(node);
}

function troubleOf(shadow: BottlerocketShadow): [string | undefined, string][] {
  const conditions = shadow.status?.conditions?.filter(({ status }) => status === 'False') ?? [];
  const trouble = conditions.find(({ type }) => type === 'Healthy') ?? conditions.find(({ reason }) => reason === 'DrainBlocked');
  return trouble === undefined ? [] : [[nodeNameOf(shadow), trouble.reason]];
}
