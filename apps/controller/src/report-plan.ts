import { nodeNameOf, type ObservedShadow } from '@brupop/crd-models';
import type { EventRecorder, Regarding } from '@brupop/kube-runtime';
import type { Clock, Logger } from '@brupop/ports';
import {
  CHANGE_REASONS,
  HOLD_REASONS,
  severityOf,
  type ChangeReason,
  type FleetChange,
  type FleetHold,
  type FleetObservation,
} from '@brupop/state-machine';
import type { FleetMetrics } from './fleet-metrics.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import type { PhaseDurations } from './phase-durations.ts';

/** Reports what was planned and done in Events, the log and the metrics. */
export interface PlanReporter {
  /** Reports a plan: the nodes that wait for something that a person may have to do, and the phases that have ended. */
  readonly planned: (planned: PlannedFleet) => void;
  /** Reports a change that was made. */
  readonly changed: (change: FleetChange, planned: PlannedFleet) => void;
}

interface PlanReporterDeps {
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: Pick<FleetMetrics, 'changed' | 'phaseEnded'>;
  readonly phases: Pick<PhaseDurations, 'look'>;
}

const TROUBLE: readonly ChangeReason[] = ['ResetAfterError', 'GivenUp'];

/** The Node of an entry, its shadow, and both as the objects that Events refer to. */
interface Subject {
  readonly regarding: readonly Regarding[];
  readonly shadow: ObservedShadow | undefined;
}

const NO_SUBJECT: Subject = { regarding: [], shadow: undefined };

/**
 * Log and Events use the plan's own reasons and messages. The hold of a node is reported once, until it is another one. A hold that a
 * condition of the shadow shows was reported by an earlier leader, and its Event is not repeated.
 */
export function createPlanReporter({ events, log, clock, metrics, phases }: PlanReporterDeps): PlanReporter {
  /** By node: what was reported last. */
  const reported = new Map<string, string>();

  const reportHolds = (holds: readonly FleetHold[], observation: FleetObservation): void => {
    const fresh = holds.filter((hold) => reported.get(hold.node) !== keyOf(hold));
    for (const hold of fresh) reported.set(hold.node, keyOf(hold));
    if (reported.size > holds.length) forgetAllBut(holds, reported);
    const severe = fresh.filter((hold) => severityOf(hold) !== 'quiet');
    const subjects = subjectsOf(observation, new Set(severe.map(({ node }) => node)));
    for (const hold of fresh) {
      const { node, reason, message, until } = hold;
      const about = { node, reason, detail: message, until: until === undefined ? undefined : new Date(until) };
      if (severityOf(hold) === 'quiet') {
        log.debug('A node waits', about);
        continue;
      }
      log.warn('A node needs attention', about);
      const { regarding, shadow } = subjects.get(node) ?? NO_SUBJECT;
      if (isInConditions(hold, shadow)) continue;
      // A shadow without conditions cannot show the next leader that the hold was reported: only the Event itself can.
      const standing = (shadow?.status ?? null) === null || shadow?.fault !== undefined;
      for (const subject of regarding) events.record({ regarding: subject, type: 'Warning', reason, message, standing });
    }
  };

  return {
    planned({ at, observation, plan }) {
      for (const ended of phases.look(observation.shadows, at)) metrics.phaseEnded(ended);
      reportHolds(plan.holds, observation);
    },
    changed(change, { observation }) {
      const { kind, node, reason, message } = change;
      const before = observation.shadows.find(({ metadata }) => metadata.name === change.shadow);
      metrics.changed(change, before, clock.now());
      const to = kind === 'spec' ? { state: change.spec.state, version: change.spec.version } : {};
      log.info('Updated a shadow', { node, reason, detail: message, ...to });
      const { events: subjects } = CHANGE_REASONS[reason];
      if (subjects === 'none') return;
      const type = TROUBLE.includes(reason) ? 'Warning' : 'Normal';
      for (const regarding of (subjectsOf(observation, new Set([node])).get(node) ?? NO_SUBJECT).regarding) {
        // A shadow that was deleted gets no Event.
        const isReported = regarding.kind === 'Node' ? subjects === 'shadow and Node' : kind === 'spec';
        if (isReported) events.record({ regarding, type, reason, message });
      }
    },
  };
}

/** What makes a hold worth reporting again: the messages of quiet holds follow the agent's progress, of lasting ones the pods. */
function keyOf(hold: FleetHold): string {
  if (severityOf(hold) === 'quiet') return hold.reason;
  return isLasting(hold) ? `${hold.reason} lasts` : `${hold.reason} ${hold.message}`;
}

function forgetAllBut(holds: readonly FleetHold[], reported: Map<string, string>): void {
  const nodes = new Set(holds.map(({ node }) => node));
  for (const node of reported.keys()) if (!nodes.has(node)) reported.delete(node);
}

/** Whether its message changes with details that are not worth reporting again. */
const isLasting = ({ reason, lasting }: FleetHold): boolean => lasting === true && HOLD_REASONS[reason].severity === 'lasting';

function isInConditions(hold: FleetHold, shadow: ObservedShadow | undefined): boolean {
  const conditions = shadow?.status?.conditions ?? [];
  return conditions.some((condition) => condition.reason === hold.reason && (isLasting(hold) || condition.message === hold.message));
}

/** The Node and the shadow of each of these nodes: a person who drains nodes looks at the one, a person who updates them at the other. */
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
