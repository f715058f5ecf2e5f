import { nodeNameOf } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { EventInput, EventRecorder, Regarding } from '@brupop/kube-runtime';
import type { Logger } from '@brupop/process';
import type { ChangeReason, FleetChange, FleetHold, FleetObservation } from '@brupop/state-machine';
import { loudnessOf } from '@brupop/state-machine';

/** Tells users what was done with each node, and what keeps one back if a person may have to do something about it. */
export interface PlanReporter {
  changed(change: FleetChange, observation: FleetObservation): void;
  held(holds: readonly FleetHold[], observation: FleetObservation): void;
}

const TROUBLE: readonly ChangeReason[] = ['ResetAfterError', 'GivenUp'];

/** The words are the plan's own, in the log and in Events alike. What was told of a node is not told again before there is other news of it. */
export function createPlanReporter({ events, log }: { readonly events: EventRecorder; readonly log: Logger }): PlanReporter {
  let told = new Map<string, string>();
  const record = (subjects: readonly Regarding[], event: Omit<EventInput, 'regarding'>): void => {
    for (const regarding of subjects) events.record({ regarding, ...event });
  };
  return {
    changed(change, observation) {
      const { kind, node, reason, message } = change;
      const to = kind === 'spec' ? { state: change.spec.state, version: change.spec.version } : {};
      log.info('Changed a shadow', { node, reason, detail: message, ...to });
      const subjects = subjectsOf(observation, new Set([node])).get(node) ?? [];
      record(
        // What has been deleted is nothing to tell of.
        kind === 'spec' ? subjects : subjects.filter((subject) => subject.kind === 'Node'),
        { type: TROUBLE.includes(reason) ? 'Warning' : 'Normal', reason, message },
      );
    },
    held(holds, observation) {
      const fresh = holds.filter((hold) => told.get(hold.node) !== newsOf(hold));
      told = new Map(holds.map((hold) => [hold.node, newsOf(hold)]));
      const loud = fresh.filter(({ reason }) => loudnessOf(reason) !== 'quiet');
      const subjects = subjectsOf(observation, new Set(loud.map(({ node }) => node)));
      for (const { node, reason, message, until } of fresh) {
        const about = { node, reason, detail: message, until: until === undefined ? undefined : new Date(until) };
        if (loudnessOf(reason) === 'quiet') {
          log.debug('Holding a node', about);
          continue;
        }
        log.warn('A node needs attention', about);
        record(subjects.get(node) ?? [], { type: 'Warning', reason, message });
      }
    },
  };
}

/** What is worth telling anew. The message of a quiet hold follows the progress of the agent. */
function newsOf({ reason, message }: FleetHold): string {
  return loudnessOf(reason) === 'quiet' ? reason : `${reason} ${message}`;
}

/** The Node and the shadow of each of these nodes: whoever drains by hand looks at the one, whoever updates at the other. */
function subjectsOf({ nodes, shadows }: FleetObservation, names: ReadonlySet<string>): Map<string, Regarding[]> {
  const subjects = new Map<string, Regarding[]>();
  if (names.size === 0) return subjects;
  for (const { name, uid } of nodes) if (names.has(name)) subjects.set(name, [{ apiVersion: 'v1', kind: 'Node', name, uid }]);
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow) ?? '';
    const regarding = names.has(node) ? regardingShadow(shadow) : undefined;
    if (regarding !== undefined) subjects.set(node, [...(subjects.get(node) ?? []), regarding]);
  }
  return subjects;
}

function regardingShadow({ apiVersion, kind, metadata: { name, namespace, uid } }: BottlerocketShadow): Regarding | undefined {
  return namespace === undefined || uid === undefined ? undefined : { apiVersion, kind, namespace, name, uid };
}
