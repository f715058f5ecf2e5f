import { isDeepStrictEqual } from 'node:util';
import type { ObservedShadow } from '@brupop/crd-models';
import type { Reflected, ReflectorEvent } from '@brupop/kube-runtime';
import type { TransformedNode, TransformedPod } from './transform.ts';

/** How soon a plan has to follow a change: `now` if a node may go a step further by it; `soon`; or `never`, if no plan looks at what has changed. */
export type Urgency = 'now' | 'soon' | 'never';

/** Heartbeats change a Node every few minutes, but nothing that matters to the plan. */
export function urgencyOfNode(before: TransformedNode, after: TransformedNode): Urgency {
  return isDeepStrictEqual(before.observation, after.observation) ? 'never' : 'now';
}

/** What an agent's pod has besides its readiness matters to nobody. */
export function urgencyOfPod(before: TransformedPod, after: TransformedPod): Urgency {
  return before.nodeName === after.nodeName && before.ready === after.ready && before.since === after.since ? 'never' : 'now';
}

/** Steps are answered at once. What else agents report can wait, in a large fleet there is always one that does; and conditions are our own words. */
export function urgencyOfShadow(before: ObservedShadow, after: ObservedShadow): Urgency {
  if (!isDeepStrictEqual(stepOf(before), stepOf(after))) return 'now';
  return isDeepStrictEqual(withoutConditions(before), withoutConditions(after)) ? 'never' : 'soon';
}

function stepOf({ metadata, spec, status, fault }: ObservedShadow): unknown {
  return [metadata.uid, spec, status?.current_state, status?.progress?.step, fault];
}

function withoutConditions({ metadata, spec, status }: ObservedShadow): unknown {
  return [{ ...metadata, resourceVersion: '' }, spec, { ...status, conditions: [] }];
}

/** @returns takes the events of a reflector, and calls `onNews` for those that matter, with the name of the object if it is of one */
export function filterEvents<T extends Reflected>(
  urgencyOf: (before: T, after: T) => Urgency,
  onNews: (urgency: 'now' | 'soon', name?: string) => void,
): (event: ReflectorEvent<T>) => void {
  return (event) => {
    const urgency = event.type === 'modified' ? urgencyOf(event.before, event.object) : 'now';
    if (urgency !== 'never') onNews(urgency, event.object?.metadata.name);
  };
}
