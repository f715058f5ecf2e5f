import { isRecord } from '../types.ts';

/** One cause within `Status.details`. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** `details` of a Status. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The body of every failed request: meta/v1 Status. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** The name of a resource in messages: `pods`, `deployments.apps`. */
export interface NamedResource {
  readonly group: string;
  readonly resource: string;
}

const qualified = (type: { readonly group: string }, name: string): string => (type.group === '' ? name : `${name}.${type.group}`);

/** Thrown inside the API wherever Kubernetes answers with a failed Status. */
export class StatusError extends Error {
  readonly body: Status;

  /** @param reason undefined for the few errors without a reason */
  constructor(code: number, reason: string | undefined, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'StatusError';
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason !== undefined && { reason }),
      ...(details && { details }),
      code,
    };
  }

  get code(): number {
    return this.body.code;
  }
}

const detailsOf = (type: NamedResource, name: string): StatusDetails => ({
  name,
  ...(type.group !== '' && { group: type.group }),
  kind: type.resource,
});

export const success = (details?: StatusDetails, code = 200): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  ...(details && { details }),
  code,
});

export const notFound = (type: NamedResource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(type, type.resource)} "${name}" not found`, detailsOf(type, name));

export const unknownPath = (): StatusError => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (type: NamedResource, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${qualified(type, type.resource)} "${name}" already exists`, detailsOf(type, name));

export const conflict = (type: NamedResource, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(type, type.resource)} "${name}": ${why}`,
    detailsOf(type, name),
  );

export const staleVersion = (type: NamedResource, name: string): StatusError =>
  conflict(type, name, 'the object has been modified; please apply your changes to the latest version and try again');

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized');

export const forbidden = (type: NamedResource, name: string, why: string, causes?: readonly StatusCause[]): StatusError =>
  new StatusError(403, 'Forbidden', `${qualified(type, type.resource)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`, {
    ...detailsOf(type, name),
    ...(causes && { causes }),
  });

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** @param causes one or more, each with the field that it is about */
export const invalid = (
  type: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly StatusCause[],
): StatusError => {
  const texts = causes.map(({ field, message }) => `${field ?? '<nil>'}: ${message}`);
  return new StatusError(
    422,
    'Invalid',
    `${qualified(type, type.kind)} "${name}" is invalid: ${texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`}`,
    { name, ...(type.group !== '' && { group: type.group }), kind: type.kind, causes },
  );
};

export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ reason: 'UnexpectedServerError', message }] });

/** The Status for any thrown value. */
export function statusOf(thrown: unknown): Status {
  if (thrown instanceof StatusError) return thrown.body;
  return internalError(thrown instanceof Error ? thrown.message : String(thrown)).body;
}

/** Whether a body is a failed Status with this reason. */
export const hasReason = (body: unknown, reason: string): boolean =>
  isRecord(body) && body['kind'] === 'Status' && body['reason'] === reason;
