import { nodeNameOf, type BottlerocketShadow } from '@brupop/crd-models';

/**
 * @returns by node, found at the first call: the reason why, by the conditions of its shadow, it needs attention or its drain is blocked
 */
export function reportedTroubles(shadows: readonly BottlerocketShadow[]): (node: string) => string | undefined {
  let reported: Map<string | undefined, string> | undefined;
  return (node) => (reported ??= new Map(shadows.flatMap(troubleOf))).get(node);
}

function troubleOf(shadow: BottlerocketShadow): [string | undefined, string][] {
  const conditions = shadow.status?.conditions?.filter(({ status }) => status === 'False') ?? [];
  const trouble = conditions.find(({ type }) => type === 'Healthy') ?? conditions.find(({ reason }) => reason === 'DrainBlocked');
  return trouble === undefined ? [] : [[nodeNameOf(shadow), trouble.reason]];
}
