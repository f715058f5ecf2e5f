import { isDeepStrictEqual } from 'node:util';
import type { ObservedShadow } from '@brupop/crd-models';
import type { Reflected, ReflectorEvent } from '@brupop/kube-runtime';
import type { TransformedNode, TransformedPod } from './transform.ts';

/** How soon to plan after a change: `now` if a node may take its next step; `soon`; or `never` if the change does not affect any plan. */
export type Urgency = 'now' | 'soon' | 'never';

/** Heartbeats change a Node every few minutes, but nothing that affects the plan. */
export function urgencyOfNode(before: TransformedNode, after: TransformedNode): Urgency {
  return isDeepStrictEqual(before.observation, after.observation) ? 'never' : 'now';
}

/** Of an agent's pod only its node and its readiness matter. */
export function urgencyOfPod(before: TransformedPod, after: TransformedPod): Urgency {
  return before.nodeName === after.nodeName && before.ready === after.ready && before.since === after.since ? 'never' : 'now';
}

/** Steps are answered immediately. Other reports can wait, since a large fleet always sends some; conditions are the controller's own. */
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

/** @returns a handler of reflector events, which calls `onChange` for those that matter, with the name of the object if there is one */
export function filterEvents<T extends Reflected>(
  urgencyOf: (before: T, after: T) => Urgency,
  onChange: (urgency: 'now' | 'soon', name?: string) => void,
): (event: ReflectorEvent<T>) => void {
  return (event) => {
    const urgency = event.type === 'modified' ? urgencyOf(event.before, event.object) : 'now';
    if (urgency !== 'never') onChange(urgency, event.object?.metadata.name);
  };
}
