import { HEADERS } from '@brupop/agent-api';
import type { Authenticator, Grant } from '@brupop/k8s-auth';
import { vouchFor } from '@brupop/process';
import type { RequestHandler, Response } from 'express';
import type { DenialLog } from './denial-log.ts';
import { sendError } from './errors.ts';
import type { ApiserverMetrics } from './metrics.ts';
import { requestSignal } from './request-signal.ts';

/** Lets only agents pass, each for its own node. No later handler starts before the decision. */
export function authentication(authenticator: Authenticator, metrics: ApiserverMetrics, log: DenialLog): RequestHandler {
  return async (request, response, next) => {
    const nodeName = request.get(HEADERS.nodeName);
    const source = request.socket.remoteAddress;
    const verdict = await authenticator.authenticate(
      { token: request.get(HEADERS.token), nodeName, nodeUid: request.get(HEADERS.nodeUid), source },
      requestSignal(response),
    );
    vouchFor(request, verdict.ok ? verdict.node.name : undefined);
    if (verdict.ok) {
      response.locals['caller'] = verdict;
      next();
      return;
    }
    metrics.denied(verdict.code);
    log.note({ denial: verdict, method: request.method, route: request.originalUrl, nodeName, source });
    sendError(response, verdict.status, verdict.code, verdict.message);
  };
}

/** The agent that {@link authentication} identified. */
export function callerOf(response: Response): Grant {
  const caller = response.locals['caller'] as Grant | undefined;
  // A handler outside of the authenticated scope would be a security hole, so it fails.
  if (caller === undefined) throw new Error('This route is not authenticated');
  return caller;
}
