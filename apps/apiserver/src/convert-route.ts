import { ROUTES } from '@brupop/agent-api';
import type { Clock } from '@brupop/ports';
import type { Express } from 'express';
import { convertBody } from './convert-body.ts';
import { reviewReceiver } from './receive-review.ts';

/**
 * Adds the conversion webhook. It needs no token, since kube-apiserver has none for it, so it is built for strangers: what they may hold is
 * bounded by {@link reviewReceiver}, and nothing of what they send is logged.
 */
export function addConvertRoute(app: Express, clock: Clock): void {
  const receive = reviewReceiver(clock);
  app.post(ROUTES.convert, async (request, response) => {
    const answer = convertBody(await receive(request, response));
    // kube-apiserver wants status 200 whatever comes of it; the body tells.
    response.status(200).type('json').send(answer);
  });
}
