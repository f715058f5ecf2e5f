import { HEADERS } from '@brupop/agent-api';
import type { Authenticator, Grant } from '@brupop/k8s-auth';
import type { Logger } from '@brupop/process';
import type { RequestHandler, Response } from 'express';
import { sendError } from './errors.ts';
import type { ApiserverMetrics } from './metrics.ts';
import { requestSignal } from './request-signal.ts';

// A stranger chooses it.
const LONGEST_LOGGED_URL = 200;

/** Lets only agents pass, each for its own node. No handler behind it starts before it has decided. */
export function authentication(authenticator: Authenticator, metrics: ApiserverMetrics, log: Logger): RequestHandler {
  return async (request, response, next) => {
    const verdict = await authenticator.authenticate(
      { token: request.get(HEADERS.token), nodeName: request.get(HEADERS.nodeName), nodeUid: request.get(HEADERS.nodeUid) },
      requestSignal(response),
    );
    if (verdict.ok) {
      response.locals['caller'] = verdict;
      next();
      return;
    }
    metrics.denied(verdict.code);
    const route = request.originalUrl.slice(0, LONGEST_LOGGED_URL);
    log.warn('Denying a request', { method: request.method, route, status: verdict.status, reason: verdict.code });
    sendError(response, verdict.status, verdict.code, verdict.message);
  };
}

/** The agent that {@link authentication} let pass. */
export function callerOf(response: Response): Grant {
  const caller = response.locals['caller'] as Grant | undefined;
  // A handler outside of the authenticated scope would be a hole; better that it fails.
  if (caller === undefined) throw new Error('This route is not authenticated');
  return caller;
}
