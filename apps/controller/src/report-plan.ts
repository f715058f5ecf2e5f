import { nodeNameOf } from '@brupop/crd-models';
import type { ObservedShadow } from '@brupop/crd-models';
import type { EventRecorder, Regarding } from '@brupop/kube-runtime';
import type { Logger } from '@brupop/process';
import type { ChangeReason, FleetChange, FleetHold, FleetObservation } from '@brupop/state-machine';
import { CHANGE_REASONS, HOLD_REASONS, severityOf } from '@brupop/state-machine';

/** Tells users what was done with each node, and what keeps one back if a person may have to do something about it. */
export interface PlanReporter {
  changed(change: FleetChange, observation: FleetObservation): void;
  held(holds: readonly FleetHold[], observation: FleetObservation): void;
}

const TROUBLE: readonly ChangeReason[] = ['ResetAfterError', 'GivenUp'];

/** The Node of a hold or a change, its shadow, and that shadow as what Events are about. */
interface Subject {
  readonly regarding: readonly Regarding[];
  readonly shadow: ObservedShadow | undefined;
}

const NO_SUBJECT: Subject = { regarding: [], shadow: undefined };

/**
 * Log and Events use the plan's own words. A node's news is told once, until there is other news of it. What a condition of its shadow says already was
 * told by an earlier leader, and is not repeated.
 */
export function createPlanReporter({ events, log }: { readonly events: EventRecorder; readonly log: Logger }): PlanReporter {
  const told = new Map<string, string>();
  return {
    changed(change, observation) {
      const { kind, node, reason, message } = change;
      const to = kind === 'spec' ? { state: change.spec.state, version: change.spec.version } : {};
      log.info('Changed a shadow', { node, reason, detail: message, ...to });
      const { events: subjects } = CHANGE_REASONS[reason];
      if (subjects === 'none') return;
      const type = TROUBLE.includes(reason) ? 'Warning' : 'Normal';
      for (const regarding of (subjectsOf(observation, new Set([node])).get(node) ?? NO_SUBJECT).regarding) {
        // What has been deleted is nothing to tell of.
        const isTold = regarding.kind === 'Node' ? subjects === 'shadow and Node' : kind === 'spec';
        if (isTold) events.record({ regarding, type, reason, message });
      }
    },
    held(holds, observation) {
      const fresh = holds.filter((hold) => told.get(hold.node) !== newsOf(hold));
      for (const hold of fresh) told.set(hold.node, newsOf(hold));
      if (told.size > holds.length) forgetAllBut(holds, told);
      const loud = fresh.filter((hold) => severityOf(hold) !== 'quiet');
      const subjects = subjectsOf(observation, new Set(loud.map(({ node }) => node)));
      for (const hold of fresh) {
        const { node, reason, message, until } = hold;
        const about = { node, reason, detail: message, until: until === undefined ? undefined : new Date(until) };
        if (severityOf(hold) === 'quiet') {
          log.debug('Holding a node', about);
          continue;
        }
        log.warn('A node needs attention', about);
        const { regarding, shadow } = subjects.get(node) ?? NO_SUBJECT;
        if (isCarried(hold, shadow)) continue;
        // Without conditions only the Event itself remembers that it was told.
        const standing = (shadow?.status ?? null) === null || shadow?.fault !== undefined;
        for (const subject of regarding) events.record({ regarding: subject, type: 'Warning', reason, message, standing });
      }
    },
  };
}

/** What is worth telling anew. The message of a quiet hold follows the progress of the agent, and that of one that lasts the pods that come and go. */
function newsOf(hold: FleetHold): string {
  if (severityOf(hold) === 'quiet') return hold.reason;
  return isLasting(hold) ? `${hold.reason} lasts` : `${hold.reason} ${hold.message}`;
}

function forgetAllBut(holds: readonly FleetHold[], told: Map<string, string>): void {
  const held = new Set(holds.map(({ node }) => node));
  for (const node of told.keys()) if (!held.has(node)) told.delete(node);
}

/** Whether its message follows what comes and goes, and is not worth telling again. */
const isLasting = ({ reason, lasting }: FleetHold): boolean => lasting === true && HOLD_REASONS[reason].severity === 'lasting';

function isCarried(hold: FleetHold, shadow: ObservedShadow | undefined): boolean {
  const conditions = shadow?.status?.conditions ?? [];
  return conditions.some((condition) => condition.reason === hold.reason && (isLasting(hold) || condition.message === hold.message));
}

/** The Node and the shadow of each of these nodes: whoever drains by hand looks at the one, whoever updates at the other. */
function subjectsOf({ nodes, shadows }: FleetObservation, names: ReadonlySet<string>): Map<string, Subject> {
  const subjects = new Map<string, Subject>();
  if (names.size === 0) return subjects;
  for (const { name, uid } of nodes) {
    if (names.has(name)) subjects.set(name, { regarding: [{ apiVersion: 'v1', kind: 'Node', name, uid }], shadow: undefined });
  }
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow) ?? '';
    const regarding = names.has(node) ? regardingShadow(shadow) : undefined;
    if (regarding !== undefined) subjects.set(node, { regarding: [...(subjects.get(node) ?? NO_SUBJECT).regarding, regarding], shadow });
  }
  return subjects;
}

function regardingShadow({ apiVersion, kind, metadata: { name, namespace, uid } }: ObservedShadow): Regarding | undefined {
  return namespace === undefined || uid === undefined ? undefined : { apiVersion, kind, namespace, name, uid };
}
