import { shortenText } from '@brupop/kube-objects';
import { BrupopError, type HttpResponse, type TimeoutError } from '@brupop/ports';

/** One entry of `metav1.StatusDetails.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** `metav1.StatusDetails`, as far as it is used. */
export interface StatusDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** An unsuccessful response of the API server. The message is that of its Status, shortened: a webhook may write megabytes. */
export class KubeApiError extends BrupopError {
  /** HTTP status code. */
  readonly status: number;
  /** `metav1.StatusReason`, such as `NotFound`; empty if the body was no Status. */
  readonly reason: string;
  readonly details?: StatusDetails;
  /** How long the server asks the client to wait. */
  readonly retryAfterMs?: number;

  constructor(
    status: number,
    reason: string,
    message: string,
    extra: { readonly details?: StatusDetails; readonly retryAfterMs?: number } = {},
  ) {
    super('KUBE_API', message, { retry: status === 429 || status >= 500 ? 'transient' : 'terminal' });
    this.status = status;
    this.reason = reason;
    if (extra.details !== undefined) this.details = extra.details;
    if (extra.retryAfterMs !== undefined) this.retryAfterMs = extra.retryAfterMs;
  }
}

/** Whether `error` is a response of the API server with one of these HTTP statuses. */
export function isKubeStatus(error: unknown, ...statuses: readonly number[]): error is KubeApiError {
  return error instanceof KubeApiError && statuses.includes(error.status);
}

interface StatusBody {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: StatusDetails | null;
}

/** Maps a `metav1.Status`, or the body that a proxy has sent instead. */
export function errorFromStatus(httpStatus: number, body: unknown, retryAfterHeader?: string): KubeApiError {
  const status: StatusBody = typeof body === 'object' && body !== null ? body : {};
  const message = typeof status.message === 'string' && status.message !== '' ? status.message : fallbackMessage(httpStatus, body);
  const details = boundedDetails(status.details);
  const retryAfterSeconds = details?.retryAfterSeconds ?? (retryAfterHeader === undefined ? undefined : Number(retryAfterHeader));
  return new KubeApiError(
    httpStatus,
    typeof status.reason === 'string' ? shortenText(status.reason, MAX_REASON) : '',
    shortenText(message),
    {
      ...(details === undefined ? {} : { details }),
      ...(retryAfterSeconds === undefined || !(retryAfterSeconds >= 0) ? {} : { retryAfterMs: retryAfterSeconds * 1_000 }),
    },
  );
}

const MAX_REASON = 64;
const MAX_CAUSES = 10;

/** A webhook or a proxy may put anything here. */
function boundedDetails(details: unknown): StatusDetails | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const { causes, ...rest } = details as StatusDetails;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? shortenText(value) : undefined);
  const bounded = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, typeof value === 'string' ? shortenText(value) : value]),
  );
  if (!Array.isArray(causes)) return bounded;
  const few = (causes as readonly (StatusCause | null)[]).slice(0, MAX_CAUSES).map((cause) =>
    Object.fromEntries(
      (['reason', 'message', 'field'] as const).flatMap((name) => {
        const value = text(cause?.[name]);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  );
  return { ...bounded, causes: few };
}

function fallbackMessage(httpStatus: number, body: unknown): string {
  const start = typeof body === 'string' ? body.trim().slice(0, 200) : '';
  return `The API server responded with ${String(httpStatus)}${start === '' ? '' : `: ${start}`}`;
}

/** Reads a response that is not a success to its end. */
export async function errorFromResponse(response: HttpResponse): Promise<KubeApiError> {
  return errorFromStatus(response.status, parseLoosely(await response.text()), response.headers['retry-after']);
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The error of a deadline: `what` took too long. */
export function kubeTimeout(what: string): TimeoutError {
  return (limitMs) => new BrupopError('KUBE_TIMEOUT', `${what} took longer than ${String(limitMs)} ms`, { retry: 'transient' });
}
