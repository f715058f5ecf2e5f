import { ROUTES } from '@brupop/agent-api';
import { AGENT_SERVICE_ACCOUNT, APISERVER_COMPONENT, TOKEN_AUDIENCE } from '@brupop/crd-models';
import type { DrainPolicy } from '@brupop/drain';
import { createAuthenticator } from '@brupop/k8s-auth';
import { createEventRecorder, type KubeClient } from '@brupop/kube-runtime';
import type { Clock, Logger, Random } from '@brupop/ports';
import type { Metrics } from '@brupop/process';
import express, { type Express, type RequestHandler } from 'express';
import { authentication } from './authentication.ts';
import { createCaches } from './caches.ts';
import { addConvertRoute } from './convert-route.ts';
import { createDenialLog } from './denial-log.ts';
import { errorHandler, RequestError } from './errors.ts';
import { addLegacyNodeRoutes } from './legacy/legacy-node-routes.ts';
import { createApiserverMetrics } from './metrics.ts';
import { addNodeRoutes } from './node-routes.ts';
import { createNodeSteps } from './node-steps.ts';
import { requestLimit } from './request-limit.ts';
import { restoreNodes } from './restore-nodes.ts';
import { createShadowNotifier } from './shadow-notifier.ts';
import { addShadowRoutes } from './shadow-routes.ts';
import { tidyNodes } from './tidy-nodes.ts';

interface ApiserverDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The operator's namespace, with its shadows and agent pods. */
  readonly namespace: string;
  readonly drainPolicy: DrainPolicy;
  /** Identifies this replica in Events, such as by the name of its pod. */
  readonly identity?: string;
}

/** An apiserver that does not listen yet. */
export interface Apiserver {
  /** Served over TLS, to agents and kube-apiserver. */
  readonly app: Express;
  /** Served over plain HTTP on a separate port: `/metrics` and `/ping`. */
  readonly metricsApp: Express;
  readonly metrics: Metrics;
  /**
   * Updates the caches, and restores nodes on behalf of absent agents, until `signal` aborts; then stops being ready and ends pending
   * polls.
   */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Whether it can serve agents. */
  readonly ready: () => boolean;
}

const JSON_LIMIT = '256kb';

/** Assembles an apiserver. It does nothing before `run`, and has no state that another replica would need. */
export function createApiserver(deps: ApiserverDeps): Apiserver {
  const { client, clock, log, namespace } = deps;
  const notifier = createShadowNotifier(clock);
  const metrics = createApiserverMetrics(clock);
  const caches = createCaches({ ...deps, notifier, watches: metrics.watches });
  // Does not wait for the shadows: where they are stored as v1, they cannot be listed before kube-apiserver finds a ready replica to
  // convert them.
  const ready = (): boolean => caches.knowsCallers() && !notifier.closed;

  const app = express();
  app.disable('x-powered-by');
  // Entity tags are the resourceVersions of the shadows; tags computed from bodies would be expensive and useless.
  app.set('etag', false);
  app.use(dated(clock));
  app.use(metrics.middleware);

  // Public: probes and kube-apiserver have no token.
  app.get(ROUTES.ping, (_request, response) => {
    response.type('text').send('pong');
  });
  app.get(ROUTES.ready, (_request, response) => {
    if (!ready()) throw new RequestError('NOT_READY', notifier.closed ? 'Shutting down' : 'The caches have not synced');
    response.type('text').send('ready');
  });
  addConvertRoute(app, clock);

  // Authenticated: nothing below starts before the caller is identified, not even the reading of a body.
  const agents = express.Router();
  const authenticator = createAuthenticator({
    client,
    clock,
    namespace,
    serviceAccount: AGENT_SERVICE_ACCOUNT,
    audience: TOKEN_AUDIENCE,
    knownPod: caches.knownPod,
    findPod: caches.findPod,
    findNode: caches.findNode,
  });
  agents.use(ROUTES.shadow, authentication(authenticator, metrics, createDenialLog(log, clock)), requestLimit(clock));
  addShadowRoutes(agents, express.json({ limit: JSON_LIMIT, type: () => true }), { ...deps, caches, notifier, metrics });
  const events = createEventRecorder({
    client,
    clock,
    log,
    component: APISERVER_COMPONENT,
    instance: deps.identity ?? APISERVER_COMPONENT,
  });
  const stepDeps = { ...deps, caches, notifier, metrics, events };
  const steps = createNodeSteps(stepDeps);
  // First, because it passes the requests of our own agents on.
  addLegacyNodeRoutes(agents, stepDeps, steps);
  addNodeRoutes(agents, stepDeps, steps);
  app.use(agents);

  app.use((request) => {
    const known = Object.values(ROUTES).some((path) => path === request.path);
    throw known ? new RequestError('METHOD_NOT_ALLOWED', 'Method not allowed') : new RequestError('ROUTE_UNKNOWN', 'Not found');
  });
  app.use(errorHandler(log));

  return {
    app,
    metrics: metrics.metrics,
    metricsApp: createMetricsApp(metrics.metrics, () => {
      metrics.watches.show(caches.reflectors);
    }),
    ready,
    run: async (signal) => {
      const close = (): void => {
        notifier.close();
      };
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      await Promise.all([caches.run(signal), restoreNodes({ ...deps, caches, metrics }, signal), tidyNodes({ ...deps, caches }, signal)]);
      await events.flush();
    },
  };
}

/**
 * Sets `Date` to the time of this process, which follows the API server's, so that agents get it too. Set when a response is sent, because
 * polls are pending for long.
 */
function dated(clock: Clock): RequestHandler {
  return (_request, response, next) => {
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => typeof response;
    response.writeHead = (...args: unknown[]): typeof response => {
      response.setHeader('Date', new Date(clock.now()).toUTCString());
      return writeHead(...args);
    };
    next();
  };
}

function createMetricsApp(metrics: Metrics, refresh: () => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    refresh();
    response.setHeader('Content-Type', metrics.contentType);
    response.send(await metrics.render());
  });
  app.get(ROUTES.ping, (_request, response) => {
    response.type('text').send('pong');
  });
  return app;
}
