import { ROUTES } from '@brupop/agent-api';
import type { Clock } from '@brupop/ports';
import type { Express } from 'express';
import { convertBody } from './convert-body.ts';
import { reviewReceiver } from './receive-review.ts';

/**
 * Adds the conversion webhook. kube-apiserver has no token for it, so the route is public: {@link reviewReceiver} bounds the memory that
 * clients can use, and nothing that they send is logged.
 */
export function addConvertRoute(app: Express, clock: Clock): void {
  const receive = reviewReceiver(clock);
  app.post(ROUTES.convert, async (request, response) => {
    const answer = convertBody(await receive(request, response));
    // kube-apiserver expects status 200 in any case; the body contains the result.
    response.status(200).type('json').send(answer);
  });
}
