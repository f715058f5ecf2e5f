import { ROUTES } from '@brupop/agent-api';
import { AGENT_SERVICE_ACCOUNT, APISERVER_COMPONENT, TOKEN_AUDIENCE } from '@brupop/crd-models';
import type { DrainPolicy } from '@brupop/drain';
import { createAuthenticator } from '@brupop/k8s-auth';
import { createEventRecorder, type KubeClient } from '@brupop/kube-runtime';
import type { Clock, Random } from '@brupop/ports';
import type { Logger, Metrics } from '@brupop/process';
import express, { type Express, type RequestHandler } from 'express';
import { authentication } from './authentication.ts';
import { createCaches } from './caches.ts';
import { addConvertRoute } from './convert-route.ts';
import { createDenialLog } from './denial-log.ts';
import { errorHandler, RequestError } from './errors.ts';
import { createApiserverMetrics } from './metrics.ts';
import { addNodeRoutes } from './node-routes.ts';
import { requestLimit } from './request-limit.ts';
import { returnNodes } from './restore-nodes.ts';
import { createShadowNotifier } from './shadow-notifier.ts';
import { addShadowRoutes } from './shadow-routes.ts';
import { tidyNodes } from './tidy-nodes.ts';

/** What an apiserver is made of. */
export interface ApiserverDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The operator's own: its shadows and agent pods are there. */
  readonly namespace: string;
  readonly drainPolicy: DrainPolicy;
  /** Of this replica, such as the name of its pod, for Events. */
  readonly identity?: string;
}

/** An apiserver, not yet listening. */
export interface Apiserver {
  /** For TLS: agents and kube-apiserver. */
  readonly app: Express;
  /** For plain HTTP on a port of its own: `/metrics` and `/ping`. */
  readonly metricsApp: Express;
  readonly metrics: Metrics;
  /** Keeps the caches, and gives back nodes that nobody else will, until `signal` aborts; then stops being ready and answers held polls. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Whether agents can be served. */
  readonly ready: () => boolean;
}

const JSON_LIMIT = '256kb';

/** Assembles an apiserver. Nothing happens before `run`, and nothing is remembered that another replica would need. */
export function createApiserver(deps: ApiserverDeps): Apiserver {
  const { client, clock, log, namespace } = deps;
  const notifier = createShadowNotifier(clock);
  const metrics = createApiserverMetrics(clock);
  const caches = createCaches({ ...deps, notifier, watches: metrics.watches });
  // Not the shadows: where they are stored as v1, they cannot be listed before kube-apiserver finds a replica that converts them.
  const ready = (): boolean => caches.knowsCallers() && !notifier.closed;

  const app = express();
  app.disable('x-powered-by');
  // Entity tags are the shadows' resourceVersions; made of a body they would cost and mean nothing.
  app.set('etag', false);
  app.use(dated(clock));
  app.use(metrics.middleware);

  // Public. No token: probes and kube-apiserver have none.
  app.get(ROUTES.ping, (_request, response) => {
    response.type('text').send('pong');
  });
  app.get(ROUTES.ready, (_request, response) => {
    if (!ready()) throw new RequestError('NOT_READY', notifier.closed ? 'Shutting down' : 'The caches have not synced');
    response.type('text').send('ready');
  });
  addConvertRoute(app, clock);

  // Authenticated. Nothing below starts before the caller is known, not even the reading of a body.
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
  addNodeRoutes(agents, { ...deps, caches, notifier, metrics, events });
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
      await Promise.all([caches.run(signal), returnNodes({ ...deps, caches, metrics }, signal), tidyNodes({ ...deps, caches }, signal)]);
      await events.flush();
    },
  };
}

/** Gives answers the time of this process, which is the API server's, so that agents have it, too; taken as the answer goes out, for polls are held. */
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
