import { CONTROLLER_COMPONENT, CONTROLLER_LEASE } from '@brupop/crd-models';
import { createEventRecorder, createLeaderElector } from '@brupop/kube-runtime';
import type { Metrics } from '@brupop/process';
import { followReports, type FleetObservation, type FleetPolicy, type ReportSpans } from '@brupop/state-machine';
import type { Express } from 'express';
import { createAssumedShadows } from './assumed-shadows.ts';
import { atMostEvery } from './at-most-every.ts';
import type { Context } from './context.ts';
import { createConditionsController } from './conditions-controller.ts';
import { createExclusion } from './exclusion.ts';
import { createFailingWrites } from './failing-writes.ts';
import { createFleetCaches } from './fleet-caches.ts';
import { createFleetMetrics } from './fleet-metrics.ts';
import { createFleetSnapshot } from './fleet-snapshot.ts';
import { createHttpApp } from './http-app.ts';
import { createCertificateKeeper, type CertificateSettings } from './manage-certificates.ts';
import { createPhaseDurations } from './phase-durations.ts';
import { createPlanController } from './plan-controller.ts';
import { createPlanText } from './plan-text.ts';
import { createPlanReporter } from './report-plan.ts';

/** Everything that the controller depends on. */
export interface ControllerDeps extends Context {
  readonly policy: FleetPolicy;
  /** Absent: the controller manages no certificates. */
  readonly certificates?: CertificateSettings;
  /** The node that this process runs on. */
  readonly nodeName: string;
  /** Of this process, in the lease and in Events; unique, even among the processes of one pod. */
  readonly identity: string;
}

export interface Controller {
  /** Observes the fleet, and leads while it holds the lease, until `signal` aborts; then releases the lease and resolves. */
  run(signal: AbortSignal): Promise<void>;
  readonly metrics: Metrics;
  /** `/metrics`, `/plan`, `/healthz`, `/readyz`. */
  readonly app: Express;
  isLeader(): boolean;
}

// How long a change may wait that no node waits for. In a large fleet there is always one, and each plan costs as much as 40 of them.
const SOON_MS = 5_000;
// An agent is silent for hours before it counts, and a look goes through the whole fleet.
const CHECKS_EVERY_MS = 60_000;

/** Assembles the controller: plan controller, conditions controller and reports, which share the last plan. Does nothing until run. */
export function createController(deps: ControllerDeps): Controller {
  const { policy, nodeName, identity, ...common } = deps;
  const { clock, log } = common;
  const metrics = createFleetMetrics();
  const assumed = createAssumedShadows();
  const phases = createPhaseDurations();
  const failingWrites = createFailingWrites(clock);
  const exclusion = createExclusion();
  const events = createEventRecorder({ ...common, component: CONTROLLER_COMPONENT, instance: identity });
  const elector = createLeaderElector({ ...common, leaseName: CONTROLLER_LEASE, identity });

  const reporter = createPlanReporter({ events, log, clock, metrics, phases });
  const caches = createFleetCaches({
    ...common,
    assumed,
    watches: metrics.watches,
    onChange: (urgency, shadow) => {
      if (shadow !== undefined && plans.lastPlan() !== undefined) conditions.changed(shadow);
      plans.planWithin(urgency === 'now' ? 0 : SOON_MS);
    },
  });
  // Kept in memory: a new process starts over, and takes longer to find agents that have stopped reporting.
  let reports: ReportSpans = new Map();
  const overdueChecks = atMostEvery(clock, CHECKS_EVERY_MS, () => {
    const followed = followReports(reports, caches.observe().shadows, { steady: clock.monotonic(), wall: clock.now() });
    reports = followed.spans;
    return followed.overdue;
  });
  const observe = (): FleetObservation => ({
    ...caches.observe(),
    failingWrites: failingWrites.current(),
    overdueChecks: overdueChecks(),
    leaderNodeName: nodeName,
  });
  const plans = createPlanController({
    ...common,
    policy,
    assumed,
    failingWrites,
    observe,
    exclusion,
    onPlan: (planned) => {
      reporter.planned(planned);
      conditions.planned(planned);
    },
    onChanged: reporter.changed,
    onReconcile: metrics.reconciled,
  });
  const conditions = createConditionsController({ ...common, assumed, exclusion, planWithin: plans.planWithin });
  const keepCertificates = createCertificateKeeper({
    ...common,
    events,
    settings: deps.certificates ?? { source: 'provided', names: [], propagationMs: 0 },
    onExpiry: metrics.certificates,
  });

  const leadFleet = async (signal: AbortSignal): Promise<void> => {
    // Nothing may be planned before the writes of the previous leader have been seen.
    await caches.resync(signal);
    assumed.clear();
    phases.forgetSpans();
    await Promise.all([plans.run(signal), conditions.run(signal)]);
  };
  // The caches sync only once the conversion webhook answers, which needs a certificate: neither waits for the other.
  const lead = async (signal: AbortSignal): Promise<void> => {
    const ended = new AbortController();
    const term = AbortSignal.any([signal, ended.signal]);
    const certificates = keepCertificates(term);
    try {
      await leadFleet(term);
    } finally {
      ended.abort();
      await certificates;
    }
  };

  const snapshot = createFleetSnapshot({ lastPlan: plans.lastPlan, observe, policy, clock, phases });
  const app = createHttpApp({
    metricsContentType: metrics.metrics.contentType,
    renderMetrics: () => {
      if (elector.isLeader()) metrics.show(snapshot(), plans.depth());
      else metrics.show(undefined, 0);
      metrics.watches.show(caches.reflectors);
      return metrics.metrics.render();
    },
    planText: createPlanText(snapshot, () => ({
      leader: elector.isLeader(),
      leaderIdentity: elector.holder(),
      synced: caches.hasSynced(),
      durations: phases.durations(),
    })),
    ready: caches.hasSynced,
  });

  return {
    metrics: metrics.metrics,
    app,
    isLeader: () => elector.isLeader(),
    async run(signal) {
      const observing = new AbortController();
      const running = caches.run(observing.signal);
      try {
        await elector.run(lead, signal);
      } finally {
        observing.abort();
        await running;
        await events.flush();
      }
    },
  };
}
