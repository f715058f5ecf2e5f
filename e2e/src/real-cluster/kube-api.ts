import { readFile } from 'node:fs/promises';
import { loadKube } from '@brupop/kube-config';
import type { HttpClient, HttpRequest } from '@brupop/ports';
import { KubeConfig } from '@kubernetes/client-node';

/** An answer of the Kubernetes API. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined if there is none. */
  readonly body: unknown;
}

/** The Kubernetes API by paths, without a process for each request. */
export class KubeApi {
  readonly http: HttpClient;
  readonly #signal: AbortSignal;

  constructor(http: HttpClient, signal: AbortSignal) {
    this.http = http;
    this.#signal = signal;
  }

  /** Clients for the cluster of a kubeconfig: as its user, and with any token instead. */
  static async clients(path: string): Promise<{ readonly asAdmin: HttpClient; readonly withToken: (token: string) => HttpClient }> {
    const config = new KubeConfig();
    config.loadFromString(await readFile(path, 'utf8'));
    const cluster = config.getCurrentCluster();
    const withToken = (token: string): HttpClient => {
      const other = new KubeConfig();
      if (cluster !== null) other.loadFromClusterAndUser(cluster, { name: 'token', token });
      return loadKube(other).http;
    };
    return { asAdmin: loadKube(config).http, withToken };
  }

  static async fromKubeconfig(path: string, signal: AbortSignal): Promise<KubeApi> {
    const config = new KubeConfig();
    config.loadFromString(await readFile(path, 'utf8'));
    return new KubeApi(loadKube(config).http, signal);
  }

  /** One request, whatever the answer. */
  async ask(method: HttpRequest['method'], path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_MS)]);
    const response = await this.http.request(
      {
        method,
        path,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      signal,
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }

  /** @throws Error unless the answer is a success */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body as T;
  }

  async mergePatch(path: string, patch: object): Promise<void> {
    const { status, body } = await this.ask('PATCH', path, patch, { 'content-type': 'application/merge-patch+json' });
    if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${JSON.stringify(body)}`);
  }
}

const REQUEST_MS = 30_000;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? undefined : text;
  }
}
