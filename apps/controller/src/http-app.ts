import express from 'express';
import type { Express } from 'express';
import type { FleetMetrics } from './fleet-metrics.ts';
import type { PlanView } from './plan-view.ts';

/** What the controller shows over HTTP, to anyone in the cluster; nothing can be changed. */
export interface HttpAppDeps {
  readonly metrics: FleetMetrics;
  /** Brings the gauges up to date. */
  readonly refresh: () => void;
  readonly view: () => PlanView;
  /** Whether the caches are filled. */
  readonly ready: () => boolean;
}

export function createHttpApp({ metrics, refresh, view, ready }: HttpAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok');
  });
  app.get('/readyz', (_request, response) => {
    response
      .status(ready() ? 200 : 503)
      .type('text/plain')
      .send(ready() ? 'ok' : 'waiting for the first lists');
  });
  app.get('/plan', (_request, response) => {
    response.json(view());
  });
  app.get('/metrics', async (_request, response) => {
    refresh();
    response.set('content-type', metrics.contentType).send(await metrics.render());
  });
  return app;
}
