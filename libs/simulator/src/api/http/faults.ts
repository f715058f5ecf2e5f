import type { HttpRequest, HttpResponse } from '@brupop/ports';
import type { ObjectStore } from '../storage/store.ts';
import type { Identity, RequestInfo } from '../types.ts';
import type { OpenWatches, WatchCut } from './watch-handler.ts';
import { ConnectionReset } from './watch-handler.ts';

/** A finished request, as an audit log records it. */
export interface AuditEntry extends RequestInfo {
  readonly user: string;
  readonly status: number;
}

/** Answers instead of the API; undefined lets the request pass. Throw {@link connectionReset} to break the connection. */
export type BeforeRequest = (
  request: HttpRequest,
  identity: Identity,
  info: RequestInfo,
) => HttpResponse | Promise<HttpResponse | undefined> | undefined;

/** May replace or drop the answer to a request that took effect. */
export type AfterRequest = (
  request: HttpRequest,
  identity: Identity,
  info: RequestInfo,
  response: HttpResponse,
) => HttpResponse | Promise<HttpResponse>;

/** The error by which a hook breaks a connection. */
export const connectionReset = (): Error => new ConnectionReset();

/** The switches by which a test makes the API fail, and the record of requests. */
export class Faults {
  afterRequest: AfterRequest | undefined;
  readonly watches: OpenWatches = { cuts: new Map(), expiredAs: 'event' };
  #beforeRequest: BeforeRequest | undefined;
  readonly #store: ObjectStore;
  readonly #counts = new Map<string, number>();
  readonly #listeners = new Set<(entry: AuditEntry) => void>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Hook before each authenticated request. */
  set beforeRequest(hook: BeforeRequest | undefined) {
    this.#beforeRequest = hook;
  }

  get beforeRequest(): ((request: HttpRequest) => HttpResponse | Promise<HttpResponse> | undefined) | undefined {
    return this.#beforeRequest as ((request: HttpRequest) => HttpResponse | Promise<HttpResponse> | undefined) | undefined;
  }

  /** Whether a watch from a forgotten revision gets HTTP 200 with an ERROR event, which is the default, or HTTP 410. */
  set expiredWatchAnswer(how: 'event' | 'status') {
    this.watches.expiredAs = how;
  }

  /** Delay of changes for each watcher; undefined means none. Reads are never delayed. */
  set watchDelay(delay: OpenWatches['delayMs']) {
    this.watches.delayMs = delay;
  }

  requestCounts(): Map<string, number> {
    return new Map(this.#counts);
  }

  /** Ends every watch with 410 Expired and forgets the history. */
  expireWatches(): void {
    this.#store.compact();
    this.#cut('expire');
  }

  /** Forgets the history, but leaves open watches alone. */
  compact(): void {
    this.#store.compact();
  }

  dropWatches(how: 'end' | 'reset' = 'end'): void {
    this.#cut(how);
  }

  count({ verb, resource, subresource, path }: RequestInfo, { username }: Identity): void {
    const what = resource === '' ? path : subresource === '' ? resource : `${resource}/${subresource}`;
    const key = `${verb} ${what} ${username.split(':').at(-1) ?? ''}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  before(request: HttpRequest, identity: Identity, info: RequestInfo): HttpResponse | Promise<HttpResponse | undefined> | undefined {
    return this.#beforeRequest?.(request, identity, info);
  }

  after(request: HttpRequest, identity: Identity, info: RequestInfo, response: HttpResponse): HttpResponse | Promise<HttpResponse> {
    return this.afterRequest === undefined ? response : this.afterRequest(request, identity, info, response);
  }

  listen(listener: (entry: AuditEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  record(entry: AuditEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  #cut(how: WatchCut): void {
    for (const cut of [...this.watches.cuts.keys()]) cut(how);
  }
}
