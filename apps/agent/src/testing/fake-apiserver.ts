import { LOWER_CASE_HEADERS, parsePrefer, ROUTES } from '@brupop/agent-api';
import type { StepProgress } from '@brupop/agent-api';
import { parseShadowStatus } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowSpec, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { jsonResponse, Notifier, sleep, textResponse } from '@brupop/ports';
import type { Clock, HttpHandler, HttpRequest, HttpResponse } from '@brupop/ports';

const NEXT_STATE: Partial<Record<ShadowState, ShadowState>> = {
  StagedAndPerformedUpdate: 'RebootedIntoUpdate',
  RebootedIntoUpdate: 'MonitoringUpdate',
  MonitoringUpdate: 'Idle',
};

/** The routes of the apiserver for one node and its shadow, with a controller that permits each next state immediately. */
export class FakeApiserver {
  shadow: BottlerocketShadow | undefined;
  cordoned = false;
  /** How often a schedulable node was cordoned. */
  cordons = 0;
  excluded = false;
  healthy = true;
  /** How many of the next drain steps do not complete the drain. */
  drainWaits = 0;
  /** Responses that replace the real ones, one for each matching request. */
  readonly failures: { readonly method: string; readonly path: string; readonly response: () => Promise<HttpResponse> }[] = [];
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[] = [];
  /** Every status that was written. */
  readonly written: ShadowStatus[] = [];
  /** Whether `update_check` is stored; older apiservers and CRDs drop it. */
  keepsChecks = true;
  /** Whether reports with a message are refused as too large. */
  refusesMessages = false;
  /** Whether the controller reacts to reports. */
  controls = true;
  /** How long reads lag behind writes, in milliseconds. */
  lagMs = 0;
  /** How long the responses to polls lag in addition, in milliseconds. A read without an entity tag bypasses the cache. */
  cacheLagMs = 0;
  readonly #clock: Clock;
  readonly #token: string;
  /** Its version is that of the shadow. */
  readonly #changes: Notifier;

  constructor(clock: Clock, token: string) {
    this.#clock = clock;
    this.#changes = new Notifier(clock);
    this.#token = token;
  }

  get status(): ShadowStatus | undefined {
    return this.shadow?.status ?? undefined;
  }

  /** Sets the spec, as the controller does. */
  setDesired(state: ShadowState, version: string | null): void {
    const spec: ShadowSpec = { state, version, state_transition_timestamp: new Date(this.#clock.now()).toISOString() };
    if (this.shadow !== undefined) this.#save({ ...this.shadow, spec });
  }

  /** Changes the status, as a user does with kubectl. */
  edit(changes: Partial<ShadowStatus>): void {
    const { shadow, status } = this;
    if (shadow !== undefined && status !== undefined) this.#save({ ...shadow, status: { ...status, ...changes } });
  }

  readonly handle: HttpHandler = async (request, signal) => {
    const path = request.path;
    this.requests.push(`${request.method} ${path}`);
    const failing = this.failures.findIndex((failure) => failure.method === request.method && failure.path === path);
    if (failing >= 0) return await (this.failures.splice(failing, 1)[0]?.response() ?? Promise.reject(new Error('no failure')));
    if (request.headers?.[LOWER_CASE_HEADERS.token] !== this.#token) return refusal(401, 'TOKEN_INVALID');
    await sleep(this.#clock, 5, signal);
    switch (`${request.method} ${path}`) {
      case `GET ${ROUTES.shadow}`:
        return await this.#get(request, signal);
      case `POST ${ROUTES.shadow}`:
        return this.#create(request);
      case `PUT ${ROUTES.shadow}`:
        return this.#put(request);
      case `POST ${ROUTES.cordonAndDrain}`:
        return this.#drain();
      case `POST ${ROUTES.uncordon}`:
        this.cordoned = false;
        return step({ done: true, message: 'The node is schedulable' });
      case `POST ${ROUTES.excludeFromLb}`:
        this.excluded = true;
        return step({ done: true, message: 'The node is excluded', since: new Date(this.#clock.now()).toISOString() });
      case `POST ${ROUTES.removeExclusionFromLb}`:
        this.excluded = false;
        return step({ done: true, message: 'The node is not excluded' });
      case `GET ${ROUTES.health}`:
        return jsonResponse(200, { healthy: this.healthy, problems: this.healthy ? [] : ['the Node is not Ready'] });
      default:
        return refusal(404, 'ROUTE_UNKNOWN');
    }
  };

  async #get(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const known = request.headers?.['if-none-match'];
    const untilMs = this.#clock.monotonic() + (parsePrefer(request.headers?.['prefer']).wait ?? 0) * 1_000;
    while (this.shadow !== undefined && known === this.#etag() && this.#clock.monotonic() < untilMs) {
      await this.#changes.wait(this.#changes.version, untilMs - this.#clock.monotonic(), signal);
    }
    const seen = { shadow: this.shadow, etag: this.#etag() };
    const lagMs = this.lagMs + (known === undefined ? 0 : this.cacheLagMs);
    if (lagMs > 0) await sleep(this.#clock, lagMs, signal);
    if (seen.shadow === undefined) return refusal(404, 'SHADOW_NOT_FOUND');
    if (known === seen.etag) return textResponse(304);
    return jsonResponse(200, seen.shadow, { etag: seen.etag });
  }

  #create(request: HttpRequest): HttpResponse {
    const { node_selector } = JSON.parse(request.body ?? '') as { node_selector: { node_name: string } };
    this.#save({
      apiVersion: 'brupop.bottlerocket.aws/v2',
      kind: 'BottlerocketShadow',
      metadata: { name: `brs-${node_selector.node_name}`, uid: `uid-${String(this.#changes.version)}` },
      spec: { state: 'Idle', version: null, state_transition_timestamp: null },
    });
    return jsonResponse(200, this.shadow);
  }

  #put(request: HttpRequest): HttpResponse {
    const parsed = parseShadowStatus(JSON.parse(request.body ?? ''));
    if (!parsed.ok) return refusal(400, 'BODY_INVALID', parsed.errors.join('; '));
    if (this.refusesMessages && (parsed.value.progress?.message ?? '') !== '') return refusal(413, 'BODY_TOO_LARGE');
    if (this.shadow === undefined) return refusal(404, 'SHADOW_NOT_FOUND');
    this.written.push(parsed.value);
    const kept = Object.entries(parsed.value).filter(([field]) => this.keepsChecks || field !== 'update_check');
    this.#save({ ...this.shadow, status: Object.fromEntries(kept) as unknown as ShadowStatus });
    if (this.controls) this.#control(parsed.value);
    const step = parsed.value.progress?.step;
    const isDisruptive = step === 'Excluding' || step === 'Draining' || step === 'Rebooting';
    if (isDisruptive && this.shadow.spec.state !== 'RebootedIntoUpdate') return refusal(409, 'NOT_PERMITTED');
    return jsonResponse(200, parsed.value);
  }

  #control(status: ShadowStatus): void {
    const spec = this.shadow?.spec;
    if (spec === undefined) return;
    if (status.current_state === 'ErrorReset' && spec.state !== 'Idle') this.setDesired('Idle', null);
    const next = status.current_state === spec.state && status.progress == null ? NEXT_STATE[spec.state] : undefined;
    if (next !== undefined) this.setDesired(next, next === 'Idle' ? null : (spec.version ?? null));
  }

  #drain(): HttpResponse {
    if (!this.cordoned) this.cordons++;
    this.cordoned = true;
    if (this.drainWaits-- > 0) return step({ done: false, message: 'PodDisruptionBudget web blocks', retry_after_ms: 5_000 });
    return step({ done: true, message: 'The node is drained' });
  }

  #save(shadow: BottlerocketShadow): void {
    this.shadow = { ...shadow, metadata: { ...shadow.metadata, resourceVersion: String(this.#changes.version + 1) } };
    this.#changes.notify();
  }

  #etag(): string {
    return `"${String(this.#changes.version)}"`;
  }
}

function step(progress: StepProgress): HttpResponse {
  return jsonResponse(progress.done ? 200 : 202, progress);
}

function refusal(status: number, code: string, message = code): HttpResponse {
  return jsonResponse(status, { error: { code, message } });
}
