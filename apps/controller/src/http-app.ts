import express, { type Express } from 'express';
import type { Wanted } from './plan-view.ts';
import { parsePlanQuery } from './plan-query.ts';

/** What the controller serves over HTTP, read-only, to anyone in the cluster. */
export interface HttpAppDeps {
  readonly metricsContentType: string;
  /** The metrics as they are now. */
  readonly renderMetrics: () => Promise<string>;
  /** The plan as JSON. @param wanted which nodes to include; undefined: all */
  readonly planText: (wanted: Wanted | undefined) => string;
  /** Whether the caches have synced. */
  readonly ready: () => boolean;
}

export function createHttpApp({ metricsContentType, renderMetrics, planText, ready }: HttpAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  // The body changes every second: computing an ETag would cost time and never match.
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok');
  });
  app.get('/readyz', (_request, response) => {
    response
      .status(ready() ? 200 : 503)
      .type('text/plain')
      .send(ready() ? 'ok' : 'waiting for the caches to sync');
  });
  app.get('/plan', (request, response) => {
    const query = parsePlanQuery(request.query);
    if (query.ok) response.type('application/json').send(planText(query.wanted));
    else response.status(400).json({ error: { message: query.problems.join('; ') } });
  });
  app.get('/metrics', async (_request, response) => {
    response.set('content-type', metricsContentType).send(await renderMetrics());
  });
  return app;
}
