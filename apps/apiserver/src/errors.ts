import type { ErrorBody } from '@brupop/agent-api';
import { KubeApiError } from '@brupop/kube-runtime';
import type { ErrorRequestHandler, Response } from 'express';
import { BrupopError, describeError, type Logger } from '@brupop/ports';
import { requestSignal } from './request-signal.ts';

/** Every code of an {@link ErrorBody}, except those of @brupop/k8s-auth, with its HTTP status. */
export const ERROR_STATUS = {
  BODY_MALFORMED: 400,
  BODY_INVALID: 400,
  REQUEST_MALFORMED: 400,
  NODE_MISMATCH: 403,
  NODE_NOT_LABELLED: 403,
  ROUTE_UNKNOWN: 404,
  SHADOW_NOT_FOUND: 404,
  NODE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  DRAIN_TIMED_OUT: 409,
  NOT_PERMITTED: 409,
  BODY_TOO_LARGE: 413,
  BODY_ENCODING: 415,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  KUBERNETES_REFUSED: 500,
  KUBERNETES_UNAVAILABLE: 503,
  NODE_CONFLICT: 503,
  NOT_READY: 503,
  SHUTTING_DOWN: 503,
  TOO_MANY_REVIEWS: 503,
} as const;
/** One of {@link ERROR_STATUS}' keys. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** Ends a request with an {@link ErrorBody}. */
export class RequestError extends BrupopError {
  readonly status: number;
  readonly errorCode: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    const status = ERROR_STATUS[code];
    super(code, message, { retry: status === 429 || status === 503 ? 'transient' : 'terminal', ...(cause === undefined ? {} : { cause }) });
    this.status = status;
    this.errorCode = code;
  }
}

/** Responds with an {@link ErrorBody}, and for transient errors with the time to wait before a retry. */
export function sendError(response: Response, status: number, code: string, message: string): void {
  const body: ErrorBody = { error: { code, message } };
  if (status === 429 || status === 503) response.setHeader('Retry-After', '5');
  response.status(status).json(body);
}

/** Fields that body-parser and the router set on their errors. */
interface HttpError {
  readonly type?: unknown;
  readonly status?: unknown;
}

/** Maps anything that a handler threw to a response. Only bugs of ours, and requests that the Kubernetes API rejected, become a 500. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof KubeApiError) return fromKubernetes(error);
  if (error instanceof BrupopError && error.code === 'NODE_CONFLICT') return new RequestError('NODE_CONFLICT', error.message, error);
  if (error instanceof BrupopError && error.retry === 'transient')
    return new RequestError('KUBERNETES_UNAVAILABLE', `The Kubernetes API could not be reached: ${describeError(error)}`, error);
  const { type, status } = (error ?? {}) as HttpError;
  if (type === 'entity.too.large') return new RequestError('BODY_TOO_LARGE', 'The body is too large', error);
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new RequestError('BODY_ENCODING', 'The body has an unsupported encoding', error);
  if (type === 'entity.parse.failed') return new RequestError('BODY_MALFORMED', 'The body is not JSON', error);
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new RequestError('REQUEST_MALFORMED', 'The request is malformed', error);
  return new RequestError('INTERNAL', 'Internal error; see the log', error);
}

function fromKubernetes(error: KubeApiError): RequestError {
  if (error.status === 429 || error.status >= 500)
    return new RequestError('KUBERNETES_UNAVAILABLE', `The Kubernetes API is unavailable: ${error.message}`, error);
  if (error.status === 409) return new RequestError('NODE_CONFLICT', `Conflicting changes to the same object: ${error.message}`, error);
  return new RequestError(
    'KUBERNETES_REFUSED',
    `The Kubernetes API rejected the request with status ${error.status}: ${error.message}`,
    error,
  );
}

/** The last middleware: every error becomes an {@link ErrorBody}. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      // The response has begun: express can only close the connection.
      next(error);
      return;
    }
    // It threw because its client disconnected: the client's next request repeats the step.
    if (requestSignal(response).aborted) {
      log.debug('Ending a request whose client disconnected', { method: request.method, route: request.path });
      return;
    }
    const { status, errorCode, message } = toRequestError(error);
    if (status === 500) log.error('Request failed', { method: request.method, route: request.path, code: errorCode, error });
    else log.debug('Responding with an error', { method: request.method, route: request.path, code: errorCode, detail: message });
    sendError(response, status, errorCode, message);
  };
}
