import { DRAIN_BLOCKS, UPDATE_CHECK_PROBLEMS, type BottlerocketShadow } from '@brupop/crd-models';
import { createMetrics, createWatchMetrics, type Metrics, type WatchMetrics } from '@brupop/process';
import type { Reconciled } from '@brupop/kube-runtime';
import { drainBlockedBy, failureOf, updateCheckFailure, type EndedPhase, type FleetChange } from '@brupop/state-machine';
import type { FleetSnapshot } from './fleet-snapshot.ts';
import * as defined from './metric-definitions.ts';

/** The controller's metrics. */
export interface FleetMetrics {
  /** For metrics that every process has. */
  readonly metrics: Metrics;
  readonly watches: WatchMetrics;
  /** Shows the fleet; on a follower (undefined) nothing: two processes that count the same hosts would double every sum. */
  show(fleet: FleetSnapshot | undefined, queueDepth: number): void;
  /** Counts a change that was made to this shadow. @param now milliseconds since the epoch */
  changed(change: FleetChange, before: BottlerocketShadow | undefined, now: number): void;
  phaseEnded(ended: EndedPhase): void;
  readonly reconciled: (reconciled: Reconciled<'fleet'>) => void;
  /** When the certificates expire, in milliseconds since the Unix epoch. */
  readonly certificates: (ends: { readonly authorityMs: number; readonly servingMs: number }) => void;
}

export function createFleetMetrics(): FleetMetrics {
  const metrics = createMetrics('controller');
  const showFleet = createFleetGauges(metrics);
  const started = metrics.counter(defined.UPDATES_STARTED);
  const finished = metrics.counter(defined.UPDATES_FINISHED);
  const failed = metrics.counter(defined.UPDATES_FAILED);
  const changes = metrics.counter(defined.FLEET_CHANGES);
  const phases = metrics.histogram(defined.PHASE_DURATION);
  const leader = metrics.gauge(defined.LEADER);
  const depth = metrics.gauge(defined.QUEUE_DEPTH);
  const latency = metrics.histogram(defined.QUEUE_LATENCY);
  const durations = metrics.histogram(defined.RECONCILE_DURATION);
  const failures = metrics.counter(defined.RECONCILE_FAILURES);
  const expiry = metrics.gauge(defined.CERTIFICATE_EXPIRY);
  metrics.gauge(defined.SCOPE_INFO).set(defined.SCOPE, 1);
  return {
    metrics,
    watches: createWatchMetrics(metrics),
    show(fleet, queueDepth) {
      leader.set(fleet === undefined ? 0 : 1);
      depth.set({ queue: 'fleet' }, queueDepth);
      showFleet(fleet);
    },
    changed(change, before, now) {
      changes.inc({ reason: change.reason });
      if (change.reason === 'UpdateStarted') started.inc();
      if (change.reason === 'UpdateFinished') finished.inc();
      const failure = before && failureOf(change, before, now);
      if (failure !== undefined) failed.inc({ reason: failure });
    },
    phaseEnded({ phase, ms }) {
      phases.observe({ phase }, ms / 1_000);
    },
    reconciled({ key: queue, waitedMs, tookMs, ok }) {
      latency.observe({ queue }, waitedMs / 1_000);
      durations.observe({ queue }, tookMs / 1_000);
      if (!ok) failures.inc({ queue });
    },
    certificates({ authorityMs, servingMs }) {
      expiry.set({ certificate: 'authority' }, authorityMs / 1_000);
      expiry.set({ certificate: 'serving' }, servingMs / 1_000);
    },
  };
}

/** The gauges that only a leader shows. */
function createFleetGauges(metrics: Metrics): (fleet: FleetSnapshot | undefined) => void {
  const states = metrics.gauge(defined.HOSTS_STATE);
  const versions = metrics.gauge(defined.HOSTS_VERSION);
  const waiting = metrics.gauge(defined.HOSTS_HELD);
  const failingChecks = metrics.gauge(defined.CHECKS_FAILING);
  const blocked = metrics.gauge(defined.DRAINS_BLOCKED);
  const numbers = {
    stuck: metrics.gauge(defined.HOSTS_STUCK),
    unavailable: metrics.gauge(defined.HOSTS_UNAVAILABLE),
    unavailableLimit: metrics.gauge(defined.HOSTS_UNAVAILABLE_LIMIT),
    slots: metrics.gauge(defined.SLOTS_USED),
    slotLimit: metrics.gauge(defined.SLOTS_LIMIT),
    windowOpen: metrics.gauge(defined.WINDOW_OPEN),
    windowOpens: metrics.gauge(defined.WINDOW_OPENS),
    windowCloses: metrics.gauge(defined.WINDOW_CLOSES),
    finish: metrics.gauge(defined.ESTIMATED_FINISH),
  };
  const show = (name: keyof typeof numbers, value: number | undefined): void => {
    if (value === undefined) numbers[name].remove();
    else numbers[name].set(value);
  };
  const countStates = countInto(defined.HOSTS_STATE.labels?.state, (state, count) => {
    states.set({ state, ...defined.SCOPE }, count);
  });
  const knownVersions = new BoundedLabels();
  const countWaiting = countInto(defined.HOSTS_HELD.labels?.reason, (reason, count) => {
    waiting.set({ reason }, count);
  });
  const countFailingChecks = countInto(defined.CHECKS_FAILING.labels?.reason, (reason, count) => {
    failingChecks.set({ reason }, count);
  });
  const countBlocked = countInto(defined.DRAINS_BLOCKED.labels?.reason, (reason, count) => {
    blocked.set({ reason }, count);
  });

  return (fleet) => {
    if (fleet === undefined) {
      for (const gauge of [states, versions, waiting, failingChecks, blocked]) gauge.reset();
      for (const gauge of Object.values(numbers)) gauge.remove();
      return;
    }
    const { observation, plan, estimate } = fleet;
    const reported = observation.shadows.map(({ status }) => status).filter((status) => status !== undefined && status !== null);
    countStates(reported.map(({ current_state }) => current_state));
    versions.reset();
    for (const [bottlerocket_version, count] of knownVersions.count(reported.map(({ current_version }) => current_version))) {
      versions.set({ bottlerocket_version, ...defined.SCOPE }, count);
    }
    countWaiting(plan.holds.map(({ reason }) => reason));
    countFailingChecks(observation.shadows.flatMap((shadow) => checkLabel(shadow, observation.overdueChecks)));
    countBlocked(observation.shadows.flatMap((shadow) => blockLabel(drainBlockedBy(shadow)?.reason)));
    const { budget, window } = plan;
    show('stuck', plan.holds.filter(({ reason }) => reason === 'Stuck' || reason === 'LostInUpdate').length);
    show('unavailable', budget.unavailable.length);
    show('unavailableLimit', budget.maxUnavailable ?? Infinity);
    show('slots', budget.slots.length);
    show('slotLimit', budget.maxConcurrentUpdates === 'unlimited' ? Infinity : budget.maxConcurrentUpdates);
    show('windowOpen', window.open ? 1 : 0);
    show('windowOpens', seconds(window.opensAt));
    show('windowCloses', seconds(window.closesAt));
    show('finish', seconds(estimate.finishesAt));
  };
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

/** A newer agent may report other reasons; as labels they would be unbounded. */
function blockLabel(reason: string | undefined): string[] {
  if (reason === undefined) return [];
  return [DRAIN_BLOCKS.find((known) => known === reason) ?? 'Other'];
}

/** Why a host cannot check for updates. A newer agent may report other causes, and an older one reports none. */
function checkLabel({ metadata, status }: BottlerocketShadow, overdue: ReadonlySet<string> = new Set()): string[] {
  if (status === undefined || status === null) return [];
  if (updateCheckFailure(status) === undefined) return overdue.has(metadata.name) ? ['Overdue'] : [];
  return [UPDATE_CHECK_PROBLEMS.find((known) => known === status.update_check?.reason) ?? 'Other'];
}

/** Counts labels; known ones without occurrences count 0. */
function countInto(
  known: readonly string[] | string | undefined,
  set: (label: string, count: number) => void,
): (labels: readonly string[]) => void {
  const all = typeof known === 'object' ? known : [];
  return (labels) => {
    const counts = new Map(all.map((label) => [label, 0]));
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [label, count] of counts) set(label, count);
  };
}

const MOST_VERSIONS = 100;

/**
 * Counts labels that agents choose. A label that is gone stays at 0: a series that ends would leave graphs and alerts at its last value.
 * Beyond {@link MOST_VERSIONS} labels, the rarest are counted as `other`.
 */
export class BoundedLabels {
  #known = new Set<string>();

  count(labels: readonly string[]): ReadonlyMap<string, number> {
    const counts = new Map([...this.#known].map((label) => [label, 0]));
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const kept = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_VERSIONS);
    const others = labels.length - kept.reduce((sum, [, count]) => sum + count, 0);
    this.#known = new Set(kept.map(([label]) => label));
    return new Map(others === 0 ? kept : [...kept, ['other', others]]);
  }
}
