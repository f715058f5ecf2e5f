import {
  BrupopError,
  sleep,
  withDeadline,
  type Clock,
  type HttpClient,
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
} from '@brupop/ports';
import { errorFromResponse, kubeTimeout, type KubeApiError } from './kube-error.ts';

/** Content type of a JSON Merge Patch (RFC 7386). */
export const MERGE_PATCH = 'application/merge-patch+json';
/** Content type of a JSON Patch (RFC 6902). */
export const JSON_PATCH = 'application/json-patch+json';

/**
 * Longer than the API server works on a request: a write ends after 34 s, admission webhooks included, a read after the 60 s of
 * `--request-timeout`. The API server drops a request when its client disconnects, so giving up earlier would lose the work, and the next
 * attempt would take as long.
 */
export const REQUEST_TIMEOUT_MS = 65_000;

/** Parameters of a query, not yet encoded. */
export type Query = Readonly<Record<string, string>>;

/** Options of a request. */
export interface KubeRequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` by default, and {@link MERGE_PATCH} for PATCH. */
  readonly contentType?: string;
  readonly query?: Query;
  readonly signal: AbortSignal;
  /** For the whole exchange, body included; {@link REQUEST_TIMEOUT_MS} by default. */
  readonly timeoutMs?: number;
}

/** The Kubernetes API as paths and JSON. */
export interface KubeClient {
  /**
   * One request and its whole response, undefined if that is empty. If priority and fairness rejects it, it is sent again after the time
   * that the API server asks for, within `timeoutMs`.
   * @throws `KubeApiError` for any response that is not a success; `BrupopError` of the transport, or `KUBE_TIMEOUT`
   */
  request<T>(method: HttpRequest['method'], path: string, options: KubeRequestOptions): Promise<T>;
  /**
   * A GET whose response is read in pieces; the caller sets deadlines through `signal`.
   * @throws as `request`
   */
  stream(path: string, query: Query, signal: AbortSignal): Promise<HttpResponse>;
}

/** What a {@link KubeClient} needs. */
export interface KubeClientOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly userAgent?: string;
  /** Called with the `Date` header of each response, which is the API server's time. */
  readonly onDate?: (date: string | undefined) => void;
}

/** A client over any HTTP connection: a real cluster's, or a simulated API's in the same process. */
export function createKubeClient({ http, clock, userAgent = 'brupop', onDate }: KubeClientOptions): KubeClient {
  const base: HttpHeaders = { accept: 'application/json', 'user-agent': userAgent };
  return {
    async request<T>(method: HttpRequest['method'], path: string, options: KubeRequestOptions): Promise<T> {
      const { body, query, signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
      const contentType = options.contentType ?? (method === 'PATCH' ? MERGE_PATCH : 'application/json');
      const deadline = withDeadline(clock, signal, timeoutMs, kubeTimeout(`${method} ${path}`));
      const asked: HttpRequest = {
        method,
        path: withQuery(path, query),
        headers: body === undefined ? base : { ...base, 'content-type': contentType },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      try {
        for (;;) {
          const response = await http.request(asked, deadline.signal);
          onDate?.(response.headers['date']);
          if (isSuccess(response)) return parse(await response.text()) as T;
          const error = await errorFromResponse(response);
          const waitMs = rejectedForMs(error);
          if (waitMs === undefined || waitMs >= deadline.leftMs()) throw error;
          await sleep(clock, waitMs, deadline.signal);
        }
      } finally {
        deadline.dispose();
      }
    },
    async stream(path, query, signal) {
      const response = await http.request({ method: 'GET', path: withQuery(path, query), headers: base }, signal);
      onDate?.(response.headers['date']);
      if (!isSuccess(response)) throw await errorFromResponse(response);
      return response;
    },
  };
}

const LEAST_WAIT_MS = 1_000;

/**
 * How long to wait before a request is sent again that priority and fairness has rejected; undefined for any other response. The API server
 * has not processed such a request, so any may be repeated. Its body is plain text; a 429 of a handler, such as for a PodDisruptionBudget,
 * is a Status.
 */
function rejectedForMs({ status, reason, retryAfterMs }: KubeApiError): number | undefined {
  return status === 429 && reason === '' && retryAfterMs !== undefined ? Math.max(retryAfterMs, LEAST_WAIT_MS) : undefined;
}

const isSuccess = ({ status }: HttpResponse): boolean => status >= 200 && status < 300;

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BrupopError('KUBE_BODY', 'The response of the API server is not JSON', { retry: 'transient', cause });
  }
}

/** Appends an encoded query. */
export function withQuery(path: string, query: Query = {}): string {
  const text = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  if (text === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
