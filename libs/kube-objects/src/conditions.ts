import type { StatusCondition } from './objects.ts';

/** Any object with conditions. */
export interface WithConditions<C extends StatusCondition = StatusCondition> {
  readonly status?: { readonly conditions?: readonly C[] } | null;
}

/** The condition of this type; undefined if the object has none. */
export function conditionOf<C extends StatusCondition>(object: WithConditions<C> | undefined, type: string): C | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** The `Ready` condition of a Node or a Pod. */
export function readyCondition<C extends StatusCondition>(object: WithConditions<C> | undefined): C | undefined {
  return conditionOf(object, 'Ready');
}

/** Whether the `Ready` condition is `True`. */
export function isReady(object: WithConditions | undefined): boolean {
  return readyCondition(object)?.status === 'True';
}
