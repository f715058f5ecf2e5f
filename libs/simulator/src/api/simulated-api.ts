import type { Clock, HttpHandler, HttpRequest, HttpResponse, Random } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { AdmissionWebhooks } from './admission/admission-webhooks.ts';
import { ADMIN, bootstrap } from './bootstrap.ts';
import { ClusterStore } from './storage/cluster-store.ts';
import { Conversions } from './crd/conversion.ts';
import type { ConversionResolver } from './crd/conversion.ts';
import { createCore } from './storage/core.ts';
import type { Core } from './storage/core.ts';
import { dispatch } from './http/dispatch.ts';
import { Faults } from './http/faults.ts';
import type { AuditEntry } from './http/faults.ts';
import { GarbageCollector } from './storage/garbage-collection.ts';
import { authorize } from './auth/rbac.ts';
import { parseRoute } from './http/router.ts';
import { requestOver, startTime } from './http/request-time.ts';
import type { RequestTime } from './http/request-time.ts';
import { statusOf, unauthorized } from './http/status.ts';
import { TokenAuthority } from './auth/tokens.ts';
import type { TokenRequest } from './auth/tokens.ts';
import type { Identity } from './types.ts';
import { ConnectionReset } from './http/watch-handler.ts';

/** What a simulated API depends on. */
export interface SimulatedApiOptions {
  readonly clock: Clock;
  /** Source of uids, name suffixes and token ids: the same seed gives the same cluster. */
  readonly random: Random;
  /** How to reach the Service of a CustomResourceDefinition's conversion webhook. Default: conversions fail. */
  readonly conversion?: ConversionResolver;
  /** Changes remembered per resource, from which watches can resume. Default 10,000. */
  readonly historyLength?: number;
}

const ANONYMOUS: Identity = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
const PUBLIC_PATHS = /^\/(version|healthz|readyz|livez)(\/|$)/;

/** A Kubernetes API in memory: the same requests, answers, messages and races as the real one, and faults on demand. */
export class SimulatedApi {
  /** Access for the cluster's own components. */
  readonly store: ClusterStore;
  readonly faults: Faults;
  /** The admission webhooks. */
  readonly webhooks: AdmissionWebhooks;
  /** Bearer token of the cluster administrator. */
  readonly adminToken: string;
  /** The whole API over HTTP; the bearer token identifies the user. It rejects only where a fault breaks the connection. */
  readonly handle: HttpHandler;
  readonly #core: Core;
  readonly #conversions: Conversions;
  readonly #tokens: TokenAuthority;

  constructor({ clock, random, conversion, historyLength = 10_000 }: SimulatedApiOptions) {
    this.#core = createCore(clock, random, historyLength);
    this.#conversions = new Conversions(this.#core, conversion);
    this.#tokens = new TokenAuthority(this.#core);
    this.faults = new Faults(this.#core.store);
    this.store = new ClusterStore(this.#core);
    this.webhooks = new AdmissionWebhooks(this.#core, this.store);
    this.adminToken = this.#tokens.issueStatic(ADMIN);
    this.handle = (request, signal) => this.#handle(request, signal);
    this.#core.store.history.subscribe('customresourcedefinitions.apiextensions.k8s.io', ({ type, object }) => {
      if (type === 'DELETED') this.#core.registry.undefine(object.metadata.name);
      else this.#core.registry.define(object);
    });
    new GarbageCollector(this.#core);
    bootstrap(this.store);
  }

  /** Latest resourceVersion. */
  get resourceVersion(): string {
    return String(this.#core.store.revision);
  }

  /** A token as a kubelet projects it into a pod. */
  issueToken(request: TokenRequest): string {
    return this.#tokens.issue(request);
  }

  /** A token that never expires, for a user that is not a service account, such as `system:node:n1`. */
  issueUserToken(identity: Identity): string {
    return this.#tokens.issueStatic(identity);
  }

  /** Calls `listener` for every finished request; for a watch when it starts. @returns a function that unsubscribes */
  audit(listener: (entry: AuditEntry) => void): () => void {
    return this.faults.listen(listener);
  }

  /** Number of requests by "verb resource component"; the component is the name of the service account or user. */
  requestCounts(): Map<string, number> {
    return this.faults.requestCounts();
  }

  /** Current watchers: a user name for each open watch. */
  get watchers(): string[] {
    return [...this.faults.watches.cuts.values()].map(({ user }) => user);
  }

  /** Ends every watch with 410 Expired and forgets the history, so that no client can resume. */
  expireWatches(): void {
    this.faults.expireWatches();
  }

  /** Ends every watch; `reset` breaks the connections instead. */
  dropWatches(how: 'end' | 'reset' = 'end'): void {
    this.faults.dropWatches(how);
  }

  async #handle(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { info, query } = parseRoute(request.method, request.path);
    const time = startTime(this.#core.clock, signal);
    let identity = ANONYMOUS;
    let response: HttpResponse;
    try {
      identity = this.#authenticate(request, info.path);
      this.faults.count(info, identity);
      const injected = await this.faults.before(request, identity, info);
      response = injected ?? (await this.#answer(request, identity, info, query, time));
    } catch (error) {
      if (error instanceof ConnectionReset) throw error;
      const status = statusOf(error);
      const wait = status.details?.retryAfterSeconds;
      response = jsonResponse(status.code, status, wait === undefined ? {} : { 'retry-after': String(wait) });
    }
    this.faults.record({ ...info, user: identity.username, status: response.status });
    const date = new Date(this.#core.clock.now()).toUTCString();
    return this.faults.after(request, identity, info, { ...response, headers: { date, ...response.headers } });
  }

  #answer(
    request: HttpRequest,
    identity: Identity,
    info: ReturnType<typeof parseRoute>['info'],
    query: URLSearchParams,
    time: RequestTime,
  ): Promise<HttpResponse> {
    if (identity !== ANONYMOUS) authorize(this.#core, identity, info);
    // A hook may have delayed the request, as a slow API server would.
    if (request.method !== 'GET') requestOver(this.#core.clock, time);
    const shared = {
      core: this.#core,
      conversions: this.#conversions,
      webhooks: this.webhooks,
      tokens: this.#tokens,
      watches: this.faults.watches,
    };
    return dispatch(shared, { request, identity, info, query, signal: time.signal, time, warnings: [] });
  }

  #authenticate(request: HttpRequest, path: string): Identity {
    const header = request.headers?.['authorization'];
    if (header === undefined && PUBLIC_PATHS.test(path)) return ANONYMOUS;
    const review = this.#tokens.review(/^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1] ?? '');
    if (!review.ok) throw unauthorized();
    return review.identity;
  }
}
