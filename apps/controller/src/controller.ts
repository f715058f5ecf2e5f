import { AGENT_COMPONENT, COMPONENT_LABEL, CONTROLLER_COMPONENT, CONTROLLER_LEASE, CRD_MISSING, shadowsPath } from '@brupop/crd-models';
import type { KubeClient } from '@brupop/kube-runtime';
import { createEventRecorder, createLeaderElector, createReflector, createWorkQueue, paths } from '@brupop/kube-runtime';
import type { WorkQueue } from '@brupop/kube-runtime';
import type { Clock, Random } from '@brupop/ports';
import type { Logger, Metrics } from '@brupop/process';
import type { FleetObservation, FleetPolicy } from '@brupop/state-machine';
import type { Express } from 'express';
import { createAssumedShadows } from './assumed-shadows.ts';
import { createCheckWatch } from './check-watch.ts';
import { createFailingWrites } from './failing-writes.ts';
import { createFleetMetrics } from './fleet-metrics.ts';
import { createFleetSnapshot } from './fleet-snapshot.ts';
import { createCertificateKeeper } from './manage-certificates.ts';
import type { CertificateSettings } from './manage-certificates.ts';
import { createHoldWatch } from './hold-watch.ts';
import { createHttpApp } from './http-app.ts';
import { filterEvents, urgencyOfNode, urgencyOfPod, urgencyOfShadow } from './event-filter.ts';
import { createPhaseDurations } from './phase-durations.ts';
import { createPlanText } from './plan-text.ts';
import { createFleetReconciler } from './reconcile-fleet.ts';
import { createPlanReporter } from './report-plan.ts';
import type { TransformedPod } from './transform.ts';
import { transformNode, transformPod, transformShadow } from './transform.ts';
import { createConditionWriter } from './write-conditions.ts';

/** Everything that the controller touches. */
export interface ControllerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly policy: FleetPolicy;
  /** Without it the controller has nothing to do with certificates. */
  readonly certificates?: CertificateSettings;
  /** The namespace of the operator, of its shadows and of its lease. */
  readonly namespace: string;
  /** The node that this process runs on. */
  readonly nodeName: string;
  /** Of this process, in the lease and in events; not shared with any other, not even with an earlier one of the same pod. */
  readonly identity: string;
}

export interface Controller {
  /** Observes, and leads whenever it holds the lease, until `signal` aborts; then gives the lease back and resolves. */
  run(signal: AbortSignal): Promise<void>;
  readonly metrics: Metrics;
  /** `/metrics`, `/plan`, `/healthz`, `/readyz`. */
  readonly app: Express;
  isLeader(): boolean;
}

// Events come in bursts, and one plan serves many; but a node that is ready for its next step waits no longer than a blink.
const COALESCE_MS = 10;
// What no node waits for. In a large fleet there is always some such news, and each plan costs as much as 40 pieces of it.
const SOON_MS = 5_000;

/** Puts the controller together. Does nothing until it is run. */
export function createController(deps: ControllerDeps): Controller {
  const { client, clock, random, log, policy, namespace, nodeName, identity } = deps;
  let queue: WorkQueue<'fleet'> | undefined;
  /** Whether there has been news, since the last plan began, that a node may wait for. */
  let pressing = false;
  const onNews = (urgency: 'now' | 'soon'): void => {
    pressing ||= urgency === 'now';
    queue?.add('fleet', urgency === 'now' ? 0 : SOON_MS);
  };
  const common = { client, clock, random, log };
  const metrics = createFleetMetrics();
  const { onRestart } = metrics.watches;
  const nodes = createReflector({
    ...common,
    path: paths.nodes(),
    transform: transformNode,
    onEvent: filterEvents(urgencyOfNode, onNews),
    onRestart: onRestart('nodes'),
  });
  const assumed = createAssumedShadows();
  const failingWrites = createFailingWrites(clock);
  const conditions = createConditionWriter({ client, clock, log, namespace, assumed, isPressed: () => pressing });
  const shadows = createReflector({
    ...common,
    path: shadowsPath(namespace),
    ifNotServed: CRD_MISSING,
    transform: transformShadow,
    onEvent: filterEvents(
      (before, after) => urgencyOfShadow(assumed.planned(before, after), after),
      (urgency, name) => {
        if (name !== undefined) conditions.changed(name);
        onNews(urgency);
      },
    ),
    onRestart: onRestart('bottlerocketshadows'),
  });
  /** What the pods say of the agents; undefined: to be worked out anew. */
  let agents: Agents | undefined;
  const pods = createReflector({
    ...common,
    path: paths.pods(namespace),
    query: { labelSelector: `${COMPONENT_LABEL}=${AGENT_COMPONENT}` },
    transform: transformPod,
    onEvent: filterEvents(urgencyOfPod, (urgency) => {
      agents = undefined;
      onNews(urgency);
    }),
    onRestart: onRestart('pods'),
  });
  const reflectors = [nodes, shadows, pods];
  const synced = (): boolean => reflectors.every((reflector) => reflector.hasSynced());
  const phases = createPhaseDurations();
  const holdWatch = createHoldWatch();
  const checkWatch = createCheckWatch(clock);
  const events = createEventRecorder({ client, clock, log, component: CONTROLLER_COMPONENT, instance: identity });
  const elector = createLeaderElector({ ...common, namespace, leaseName: CONTROLLER_LEASE, identity });
  const reporter = createPlanReporter({ events, log });
  const keepCertificates = createCertificateKeeper({
    ...common,
    namespace,
    events,
    settings: deps.certificates ?? { source: 'provided', names: [], propagationMs: 0 },
    onExpiry: (ends) => {
      metrics.certificates(ends);
    },
  });

  const observe = (): FleetObservation => ({
    nodes: nodes.store.list().map(({ observation }) => observation),
    shadows: assumed.over(shadows.store.list()),
    ...(agents ??= agentsByNode(pods.store.list())),
    failingWrites: failingWrites.current(),
    overdueChecks: checkWatch.overdue(() => shadows.store.list()),
    leaderNodeName: nodeName,
  });
  const picture = createFleetSnapshot({ observe, policy, clock, phases });
  const reconcileFleet = createFleetReconciler({
    client,
    clock,
    log,
    policy,
    namespace,
    assumed,
    failingWrites,
    reporter,
    metrics,
    phases,
    holdWatch,
    conditions,
    observe,
  });

  const leadFleet = async (signal: AbortSignal): Promise<void> => {
    // What was written by the leader before us must be seen before anything is planned.
    for (const reflector of reflectors) reflector.relist();
    for (const reflector of reflectors) await reflector.waitForSync(signal);
    assumed.clear();
    phases.forgetSpans();
    holdWatch.forget();
    queue = createWorkQueue<'fleet'>({
      clock,
      log,
      random,
      coalesceMs: COALESCE_MS,
      reconcile: (_key, term) => {
        pressing = false;
        return reconcileFleet(term);
      },
      onReconcile: (reconciled) => {
        metrics.reconciled(reconciled);
      },
    });
    queue.add('fleet');
    await queue.run(signal);
  };
  // The caches fill only where the webhook answers, and that needs a certificate: neither waits for the other.
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

  const app = createHttpApp({
    metricsContentType: metrics.metrics.contentType,
    renderMetrics: () => {
      metrics.show(elector.isLeader() ? picture() : undefined, queue?.depth() ?? 0);
      metrics.watches.show({ nodes, bottlerocketshadows: shadows, pods });
      return metrics.metrics.render();
    },
    planText: createPlanText(picture, () => ({
      leader: elector.isLeader(),
      leaderIdentity: elector.holder(),
      synced: synced(),
      durations: phases.durations(),
    })),
    ready: synced,
  });

  return {
    metrics: metrics.metrics,
    app,
    isLeader: () => elector.isLeader(),
    async run(signal) {
      const observing = new AbortController();
      const running = reflectors.map((reflector) => reflector.run(observing.signal));
      try {
        await elector.run(lead, signal);
      } finally {
        observing.abort();
        await Promise.all(running);
        await events.flush();
      }
    },
  };
}

type Agents = Pick<Required<FleetObservation>, 'agents' | 'agentsSince'>;

/** A node has an agent that is Ready if any of its agent pods is: during a change of pods there are two. */
function agentsByNode(pods: readonly TransformedPod[]): Agents {
  const agents = new Map<string, boolean>();
  const agentsSince = new Map<string, string>();
  for (const { nodeName, ready, since } of pods) {
    if (nodeName === undefined || (agents.has(nodeName) && !ready)) continue;
    agents.set(nodeName, ready);
    if (since === undefined) agentsSince.delete(nodeName);
    else agentsSince.set(nodeName, since);
  }
  return { agents, agentsSince };
}
