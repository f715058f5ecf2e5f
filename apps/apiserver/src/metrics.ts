import { DRAIN_BLOCKS, type DrainBlock } from '@brupop/crd-models';
import type { DrainResult } from '@brupop/drain';
import {
  COMMON_METRICS,
  createMetrics,
  createWatchMetrics,
  WATCH_METRICS,
  type CounterDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  type MetricDefinition,
  type Metrics,
  type WatchMetrics,
} from '@brupop/process';
import { DENIAL_CODES, type DenialCode } from '@brupop/k8s-auth';
import type { Clock } from '@brupop/ports';
import type { RequestHandler } from 'express';
import type { AgentReport } from './agent-report.ts';

/** The metrics of one apiserver, and what is counted in them. */
export interface ApiserverMetrics {
  /** The registry. */
  readonly metrics: Metrics;
  readonly watches: WatchMetrics;
  /** Counts and times each request; must precede all other middleware. */
  readonly middleware: RequestHandler;
  denied(code: DenialCode): void;
  /** Counts a report from which fields were dropped. */
  dropped(fields: AgentReport['dropped']): void;
  /** Counts a pending poll until the returned function is called. */
  pollPending(): () => void;
  stepped(step: NodeStep, outcome: StepOutcome): void;
  /** Counts the result of a drain step. @param block why the drain is blocked */
  drained(result: DrainResult, block: DrainBlock | undefined): void;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const METHOD = 'the method; `other` for an unknown method';
const ROUTE = 'the route; `other` for an unknown path';
// The response has a status, but no client received it.
const ABORTED = 'aborted';
const STATUS = `status of the response; \`${ABORTED}\` if the client disconnected before it was complete`;
const NODE_STEPS = ['drain', 'uncordon', 'exclude', 'include', 'return'] as const;
/** A step that an agent requested; `return` is a node restored on behalf of its agent. */
export type NodeStep = (typeof NODE_STEPS)[number];
const STEP_OUTCOMES = ['done', 'waiting', 'timedOut'] as const;
/** The outcome of a step. */
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

const REQUESTS: CounterDefinition<'method' | 'route' | 'status'> = {
  type: 'counter',
  name: 'brupop_apiserver_requests_total',
  help: 'Requests served',
  labels: { method: METHOD, route: ROUTE, status: STATUS },
};
const DURATIONS: HistogramDefinition<'method' | 'route'> = {
  type: 'histogram',
  name: 'brupop_apiserver_request_duration_seconds',
  help: 'Time from request to response, including long polls and blocking steps',
  labels: { method: METHOD, route: ROUTE },
  buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60],
};
const DENIALS: CounterDefinition<'reason'> = {
  type: 'counter',
  name: 'brupop_apiserver_denials_total',
  help: 'Requests denied, by reason; docs/errors.md explains each reason',
  labels: { reason: DENIAL_CODES },
};
const DROPPED_FIELDS = ['conditions', 'unknown'] as const;
const DROPPED: CounterDefinition<'fields'> = {
  type: 'counter',
  name: 'brupop_apiserver_reports_reduced_total',
  help: 'Agent reports from which fields that agents must not write were dropped',
  labels: { fields: DROPPED_FIELDS },
};
const PENDING_POLLS: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_apiserver_held_polls',
  help: 'Pending long polls, which wait for a change of a shadow',
};
const STEPS: CounterDefinition<'step' | 'outcome'> = {
  type: 'counter',
  name: 'brupop_apiserver_node_steps_total',
  help: 'Steps taken on nodes',
  labels: { step: NODE_STEPS, outcome: STEP_OUTCOMES },
};
const EVICTIONS: CounterDefinition = { type: 'counter', name: 'brupop_apiserver_evictions_total', help: 'Pods evicted' };
const BLOCKED_STEPS: CounterDefinition<'reason'> = {
  type: 'counter',
  name: 'brupop_apiserver_drain_steps_blocked_total',
  help: 'Drain steps after which the drain was still blocked, by cause',
  labels: { reason: DRAIN_BLOCKS },
};

// Names and labels from the semantic conventions of OpenTelemetry, as in Brupop 1.x.
const HTTP_LABELS = { http_request_method: METHOD, http_route: ROUTE, http_response_status_code: STATUS } as const;
type HttpLabel = keyof typeof HTTP_LABELS;
const BYTES = [0, 128, 512, 2_048, 8_192, 65_536, 1_048_576, 16_777_216];

const HTTP_ACTIVE: GaugeDefinition = { type: 'gauge', name: 'http_server_active_requests', help: 'Requests in progress' };
const HTTP_DURATION: HistogramDefinition<HttpLabel> = {
  type: 'histogram',
  name: 'http_server_duration',
  help: 'Time from request to response, in seconds',
  labels: HTTP_LABELS,
  buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 60],
};
const HTTP_REQUEST_SIZE: HistogramDefinition<HttpLabel> = {
  type: 'histogram',
  name: 'http_server_request_size',
  help: 'Size of request bodies in bytes, from their Content-Length header',
  labels: HTTP_LABELS,
  buckets: BYTES,
};
const HTTP_RESPONSE_SIZE: HistogramDefinition<HttpLabel> = {
  type: 'histogram',
  name: 'http_server_response_size',
  help: 'Size of response bodies in bytes, from their Content-Length header',
  labels: HTTP_LABELS,
  buckets: BYTES,
};

/** All metrics of the apiserver, except those of its process. */
export const APISERVER_METRICS: readonly MetricDefinition[] = [
  REQUESTS,
  DURATIONS,
  DENIALS,
  DROPPED,
  PENDING_POLLS,
  STEPS,
  EVICTIONS,
  BLOCKED_STEPS,
  ...WATCH_METRICS,
  HTTP_ACTIVE,
  HTTP_DURATION,
  HTTP_REQUEST_SIZE,
  HTTP_RESPONSE_SIZE,
  ...COMMON_METRICS,
];

/** The metrics of one apiserver. */
export function createApiserverMetrics(clock: Clock): ApiserverMetrics {
  const metrics = createMetrics('apiserver');
  const denials = metrics.counter(DENIALS);
  const reduced = metrics.counter(DROPPED);
  const pendingPolls = metrics.gauge(PENDING_POLLS);
  const steps = metrics.counter(STEPS);
  const evictions = metrics.counter(EVICTIONS);
  const blocked = metrics.counter(BLOCKED_STEPS);
  return {
    metrics,
    watches: createWatchMetrics(metrics),
    middleware: requestMetrics(metrics, clock),
    denied: (reason) => {
      denials.inc({ reason });
    },
    dropped: (fields) => {
      for (const kind of DROPPED_FIELDS) if (fields[kind]) reduced.inc({ fields: kind });
    },
    pollPending: () => {
      pendingPolls.inc();
      return () => {
        pendingPolls.dec();
      };
    },
    stepped: (step, outcome) => {
      steps.inc({ step, outcome });
    },
    drained: ({ evicted }, block) => {
      evictions.inc(evicted);
      if (block !== undefined) blocked.inc({ reason: block });
    },
  };
}

function requestMetrics(metrics: Metrics, clock: Clock): RequestHandler {
  const requests = metrics.counter(REQUESTS);
  const durations = metrics.histogram(DURATIONS);
  const active = metrics.gauge(HTTP_ACTIVE);
  const httpDurations = metrics.histogram(HTTP_DURATION);
  const requestSizes = metrics.histogram(HTTP_REQUEST_SIZE);
  const responseSizes = metrics.histogram(HTTP_RESPONSE_SIZE);
  return (request, response, next) => {
    const startMs = clock.monotonic();
    active.inc();
    response.once('close', () => {
      active.dec();
      const method = knownMethod(request.method);
      const route = routeOf(request);
      const status = response.writableEnded ? String(response.statusCode) : ABORTED;
      const seconds = (clock.monotonic() - startMs) / 1_000;
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
      const labels = { http_request_method: method, http_route: route, http_response_status_code: status };
      httpDurations.observe(labels, seconds);
      requestSizes.observe(labels, sizeOf(request.get('content-length')));
      responseSizes.observe(labels, sizeOf(response.getHeader('content-length')));
    });
    next();
  };
}

// Unauthenticated clients choose paths and methods, so labels with their values would grow without bound.
function knownMethod(method: string): string {
  return METHODS.includes(method) ? method : 'other';
}

function routeOf(request: { readonly route?: unknown; readonly baseUrl: string }): string {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : 'other';
}

function sizeOf(header: unknown): number {
  const size = Number(header ?? 0);
  return Number.isFinite(size) && size >= 0 ? size : 0;
}
