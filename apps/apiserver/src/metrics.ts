import { DENIAL_CODES, type DenialCode } from '@brupop/k8s-auth';
import { createMetrics } from '@brupop/process';
import type { Clock } from '@brupop/ports';
import type { RequestHandler } from 'express';

/** What the apiserver counts. */
export interface ApiserverMetrics {
  readonly contentType: string;
  render(): Promise<string>;
  /** Counts and times each request; goes before everything else. */
  readonly middleware: RequestHandler;
  denied(code: DenialCode): void;
  /** Counts a held poll until the returned function is called. */
  holding(): () => void;
  stepped(step: string, outcome: string): void;
  evicted(pods: number): void;
}

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of one apiserver. */
export function createApiserverMetrics(clock: Clock): ApiserverMetrics {
  const metrics = createMetrics('apiserver');
  const requests = metrics.counter({
    name: 'brupop_apiserver_requests_total',
    help: 'Requests answered',
    labels: ['method', 'route', 'status'],
  });
  const durations = metrics.histogram({
    name: 'brupop_apiserver_request_duration_seconds',
    help: 'Time from request to answer; long polls and blocking steps included',
    labels: ['method', 'route'],
    buckets: SECONDS,
  });
  const active = metrics.gauge({ name: 'http_server_active_requests', help: 'Requests that are being answered' });
  const denials = metrics.counter({
    name: 'brupop_apiserver_denials_total',
    help: 'Requests turned away, by reason',
    labels: ['reason'],
    initial: DENIAL_CODES.map((reason) => ({ reason })),
  });
  const held = metrics.gauge({ name: 'brupop_apiserver_held_polls', help: 'Requests for a shadow that wait for a change' });
  const steps = metrics.counter({ name: 'brupop_apiserver_node_steps_total', help: 'Steps taken on nodes', labels: ['step', 'outcome'] });
  const evictions = metrics.counter({ name: 'brupop_apiserver_evictions_total', help: 'Pods evicted' });
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    middleware: (request, response, next) => {
      const startMs = clock.monotonic();
      active.inc();
      response.once('close', () => {
        active.dec();
        const labels = { method: knownMethod(request.method), route: routeOf(request) };
        requests.inc({ ...labels, status: String(response.statusCode) });
        durations.observe(labels, (clock.monotonic() - startMs) / 1000);
      });
      next();
    },
    denied: (reason) => {
      denials.inc({ reason });
    },
    holding: () => {
      held.inc();
      return () => {
        held.dec();
      };
    },
    stepped: (step, outcome) => {
      steps.inc({ step, outcome });
    },
    evicted: (pods) => {
      evictions.inc(pods);
    },
  };
}

// Strangers choose paths and methods; as labels they would grow without bound.
function knownMethod(method: string): string {
  return ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].includes(method) ? method : 'other';
}

function routeOf(request: { readonly route?: unknown; readonly baseUrl: string }): string {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : 'other';
}
