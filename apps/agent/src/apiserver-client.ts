import {
  HEADERS,
  LOWER_CASE_HEADERS,
  parseErrorBody,
  parseNodeHealth,
  parseStepProgress,
  preferWait,
  RESPOND_ASYNC,
  ROUTES,
  type CreateShadowRequest,
  type NodeHealth,
  type ParseResult,
  type StepProgress,
} from '@brupop/agent-api';
import { LIMITS, parseShadow, parseStoredStatus, type BottlerocketShadow, type ShadowStatus } from '@brupop/crd-models';
import { shortenText } from '@brupop/kube-objects';
import { BrupopError, withDeadline, type Clock, type HttpClient, type HttpHeaders, type HttpRequest } from '@brupop/ports';

interface ApiserverClientOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly nodeName: string;
  /** The agent cannot learn it; if it is absent, the apiserver takes it from the Node. */
  readonly nodeUid?: string | undefined;
  /** Called for each request, because the kubelet replaces the token well before it expires. */
  readonly readToken: () => string;
  /** Called with the `Date` header of each response. */
  readonly onDate?: (date: string | undefined) => void;
}

/** The apiserver refused a request. `code` is that of the error body, or `APISERVER_STATUS` if there was none. */
export class ApiserverError extends BrupopError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    // Some refusals are transient: the token is about to be replaced, or the pod is not in the cache yet.
    const isTransient = status >= 500 || [401, 403, 408, 425, 429].includes(status);
    super(code, message, { retry: isTransient ? 'transient' : 'terminal' });
    this.status = status;
  }
}

/** The result of a poll. */
export type ShadowAnswer =
  | { readonly kind: 'shadow'; readonly shadow: BottlerocketShadow; readonly etag: string | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'missing' };

/** A step on the node that the apiserver performs for the agent. */
export type NodeStep = 'exclude-from-lb' | 'cordon-and-drain' | 'uncordon' | 'remove-lb-exclusion';

const STEP_ROUTES: Readonly<Record<NodeStep, string>> = {
  'exclude-from-lb': ROUTES.excludeFromLb,
  'cordon-and-drain': ROUTES.cordonAndDrain,
  uncordon: ROUTES.uncordon,
  'remove-lb-exclusion': ROUTES.removeExclusionFromLb,
};

/**
 * The apiserver, as an agent sees it. Methods throw {@link ApiserverError}; `APISERVER_ANSWER` for an unexpected body;
 * `APISERVER_OUTDATED` for an apiserver of Brupop 1.x; `APISERVER_TIMEOUT`; what the transport throws; or the signal's reason.
 */
export interface ApiserverClient {
  /** A long poll: pending for up to `waitSeconds` while the shadow still has the entity tag `etag`. */
  getShadow(known: { readonly etag: string | undefined; readonly waitSeconds: number }, signal: AbortSignal): Promise<ShadowAnswer>;
  createShadow(signal: AbortSignal): Promise<void>;
  putStatus(status: ShadowStatus, signal: AbortSignal): Promise<void>;
  /** Performs one bounded step. */
  takeStep(step: NodeStep, signal: AbortSignal): Promise<StepProgress>;
  health(signal: AbortSignal): Promise<NodeHealth>;
}

// Above the 65 s that the apiserver allows one request to the API server: giving up earlier would undo a write that slow admission webhooks
// delay.
const TIMEOUT_MS = 75_000;

/** A client of the apiserver for one node. */
export function createApiserverClient(options: ApiserverClientOptions): ApiserverClient {
  const { http, clock, nodeName, nodeUid, readToken, onDate } = options;

  async function exchange(request: HttpRequest, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    const headers: HttpHeaders = {
      accept: 'application/json',
      [LOWER_CASE_HEADERS.nodeName]: nodeName,
      [LOWER_CASE_HEADERS.token]: readToken(),
      ...(nodeUid === undefined ? {} : { [LOWER_CASE_HEADERS.nodeUid]: nodeUid }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    };
    const deadline = withDeadline(clock, signal, timeoutMs, timeoutError);
    try {
      const response = await http.request({ ...request, headers }, deadline.signal);
      onDate?.(response.headers['date']);
      return { status: response.status, headers: response.headers, body: await response.text() };
    } finally {
      deadline.dispose();
    }
  }

  return {
    async getShadow({ etag, waitSeconds }, signal) {
      const longPoll = etag === undefined ? {} : { prefer: preferWait(waitSeconds), 'if-none-match': etag };
      const timeoutMs = TIMEOUT_MS + (etag === undefined ? 0 : waitSeconds * 1_000);
      const answer = await exchange({ method: 'GET', path: ROUTES.shadow, headers: longPoll }, signal, timeoutMs);
      if (answer.status === 304) return { kind: 'unchanged' };
      if (answer.status === 404 && errorOf(answer).code === 'SHADOW_NOT_FOUND') return { kind: 'missing' };
      return { kind: 'shadow', shadow: parsed(answer, parseShadow), etag: answer.headers['etag'] };
    },
    async createShadow(signal) {
      const body: CreateShadowRequest = { node_selector: { node_name: nodeName, node_uid: nodeUid ?? '' } };
      succeeded(await exchange({ method: 'POST', path: ROUTES.shadow, body: JSON.stringify(body) }, signal));
    },
    async putStatus(status, signal) {
      const echo = parsed(await exchange({ method: 'PUT', path: ROUTES.shadow, body: JSON.stringify(status) }, signal), parseStoredStatus);
      // A step is safe only after its progress is persisted.
      if (echo.boot_id !== status.boot_id) throw outdated('it dropped part of the status');
    },
    async takeStep(step, signal) {
      const answer = await exchange({ method: 'POST', path: STEP_ROUTES[step], headers: { prefer: RESPOND_ASYNC } }, signal);
      // That apiserver reports a node as drained while pods remain, and neither writes nor checks ownership annotations.
      if (answer.status === 200 && answer.body === '') throw outdated(`it does not support bounded steps (${step})`);
      return parsed(answer, parseStepProgress);
    },
    async health(signal) {
      return parsed(await exchange({ method: 'GET', path: ROUTES.health }, signal), parseNodeHealth);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

function timeoutError(limitMs: number): BrupopError {
  return new BrupopError('APISERVER_TIMEOUT', `The apiserver did not answer within ${String(limitMs)} ms`, { retry: 'transient' });
}

/** During an upgrade, some or all replicas still run Brupop 1.x. The agent waits until they are upgraded. */
function outdated(detail: string): BrupopError {
  return new BrupopError('APISERVER_OUTDATED', `This apiserver replica still runs Brupop 1.x and is yet to be upgraded: ${detail}`, {
    retry: 'transient',
  });
}

function succeeded(answer: Answer): void {
  if (answer.status >= 200 && answer.status <= 299) return;
  if (answer.status === 500 && answer.body.includes(ASKS_FOR_UID)) throw outdated(`it requires the header ${HEADERS.nodeUid}`);
  throw errorOf(answer);
}

/** In the response of an apiserver of Brupop 1.x only: ours accept the header, and do not require it. */
const ASKS_FOR_UID = `Missing '${HEADERS.nodeUid}'`;

function parsed<T>(answer: Answer, parse: (value: unknown) => ParseResult<T>): T {
  succeeded(answer);
  const result = parse(json(answer.body));
  if (result.ok) return result.value;
  throw new BrupopError('APISERVER_ANSWER', `The apiserver sent an unexpected body: ${result.errors.join('; ')}`, { retry: 'transient' });
}

function errorOf({ status, body }: Answer): ApiserverError {
  const result = parseErrorBody(json(body));
  if (!result.ok) return new ApiserverError(status, 'APISERVER_STATUS', `The apiserver answered ${String(status)}${quoted(body)}`);
  const { code, message } = result.value.error;
  return new ApiserverError(
    status,
    shortenText(code, LIMITS.word),
    `The apiserver answered ${String(status)} ${shortenText(code, LIMITS.word)}: ${shortenText(message)}`,
  );
}

const LONGEST_QUOTE = 200;

/** The text of an error from a proxy or from an apiserver of Brupop 1.x, which have no error body of ours. */
function quoted(body: string): string {
  const text = body.replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, LONGEST_QUOTE)}`;
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
