import { createKubeClient } from '@brupop/kube-runtime';
import type { KubeClient } from '@brupop/kube-runtime';
import { inProcessClient, jsonResponse, memoryLogger, VirtualClock } from '@brupop/ports';
import type { HttpRequest, HttpResponse } from '@brupop/ports';
import { issuerOf, readAuthorities, readCertificate } from '../certificate.ts';
import type { Certificate } from '../certificate.ts';
import { DEFAULT_POLICY, serviceNames } from '../policy.ts';
import type { CertificatePolicy } from '../policy.ts';
import { createCertificateReconciler } from '../reconcile.ts';
import type { CertificateReport } from '../reconcile.ts';
import { KEYS, targetPaths } from '../targets.ts';
import type { CertificateTargets } from '../targets.ts';

/** Any object, as JSON. */
export type Stored = Record<string, unknown>;

export const TARGETS: CertificateTargets = {
  namespace: 'ns',
  authoritySecret: 'ca-secret',
  servingSecret: 'serving',
  trustSecret: 'trust',
  customResourceDefinition: 'things.example.com',
};
export const POLICY: CertificatePolicy = { ...DEFAULT_POLICY, names: serviceNames('server', 'ns') };
export const PATHS: { readonly authority: string; readonly serving: string; readonly trust: string; readonly definition: string } = {
  authority: targetPaths.secret('ns', TARGETS.authoritySecret),
  serving: targetPaths.secret('ns', TARGETS.servingSecret),
  trust: targetPaths.secret('ns', TARGETS.trustSecret),
  definition: targetPaths.customResourceDefinition(TARGETS.customResourceDefinition),
};

interface Recorded<T> {
  readonly value: T;
  readonly fromMs: number;
}

/** For tests: the objects, and the servers and clients that have read them with any delay. */
export class CertificateWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: ReturnType<typeof memoryLogger> = memoryLogger();
  readonly objects: Map<string, Stored> = new Map<string, Stored>();
  /** Called before each request; may throw, respond, or change objects. */
  before: (request: HttpRequest) => HttpResponse | undefined = () => undefined;
  /** Called after each write, before its response. */
  after: () => void = () => undefined;
  readonly client: KubeClient;
  readonly #startMs: number;
  #version = 0;
  #leaves: Recorded<Certificate>[] = [];
  #bundles: Recorded<readonly Certificate[]>[] = [];

  constructor() {
    this.#startMs = this.clock.now();
    this.client = createKubeClient({
      http: inProcessClient((request) => Promise.resolve(this.before(request) ?? this.#answer(request))),
      clock: this.clock,
    });
    this.put(PATHS.definition, {
      spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: { name: 'server' } } } } },
    });
  }

  reconciler(policy: CertificatePolicy = POLICY, report: CertificateReport = {}): ReturnType<typeof createCertificateReconciler> {
    const { client, clock, log } = this;
    return createCertificateReconciler({ client, clock, log, policy, targets: TARGETS, report });
  }

  /** The time of a correct clock. */
  get trueMs(): number {
    return this.#startMs + this.clock.monotonic();
  }

  put(path: string, object: Stored): void {
    const metadata = {
      name: path.slice(path.lastIndexOf('/') + 1),
      namespace: 'ns',
      uid: path,
      ...(object['metadata'] as Stored | undefined),
    };
    this.objects.set(path, { ...object, metadata: { ...metadata, resourceVersion: String(++this.#version) } });
    this.#remember();
  }

  /** Changes an object as `kubectl edit` would. */
  edit(path: string, patch: Stored): void {
    this.put(path, mergePatch(this.objects.get(path) ?? {}, patch) as Stored);
  }

  text(path: string, key: string): string {
    const data = this.objects.get(path)?.['data'] as Record<string, string> | undefined;
    return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  }

  get caBundle(): string {
    const definition = this.objects.get(PATHS.definition) as { spec: { conversion: { webhook: { clientConfig: { caBundle?: string } } } } };
    return Buffer.from(definition.spec.conversion.webhook.clientConfig.caBundle ?? '', 'base64').toString('utf8');
  }

  /** The failing connections: each server may use any certificate, and each client any bundle, of the last `propagationMs`. */
  refusals(): string[] {
    const leaves = this.#recent(this.#leaves).map(({ value }) => value);
    const bundles = this.#recent(this.#bundles).map(({ value }) => ({ client: 'a client', bundle: value }));
    const all = [...bundles, { client: 'kube-apiserver', bundle: readAuthorities(this.caBundle) }];
    return leaves.flatMap((leaf) =>
      all.flatMap(({ client, bundle }) => {
        const issuer = issuerOf(leaf, bundle);
        if (issuer === undefined) return [`${client} does not trust a server`];
        return [leaf, issuer]
          .filter((one) => this.trueMs < one.notBeforeMs || this.trueMs > one.notAfterMs)
          .map(() => `${client} received a certificate that is not valid at this time`);
      }),
    );
  }

  #recent<T>(history: readonly Recorded<T>[]): readonly Recorded<T>[] {
    const sinceMs = this.clock.monotonic() - POLICY.propagationMs;
    return history.filter((_, at) => (history[at + 1]?.fromMs ?? Infinity) > sinceMs);
  }

  // A damaged or missing file is not loaded: the previous one stays in use.
  #remember(): void {
    const fromMs = this.clock.monotonic();
    const leaf = readCertificate(this.text(PATHS.serving, KEYS.cert));
    if (leaf !== undefined && leaf.fingerprint !== this.#leaves.at(-1)?.value.fingerprint)
      this.#leaves = [...this.#recent(this.#leaves), { value: leaf, fromMs }];
    const bundle = readAuthorities(this.text(PATHS.trust, KEYS.bundle));
    if (bundle.length > 0) this.#bundles = [...this.#recent(this.#bundles), { value: bundle, fromMs }];
  }

  #answer({ method, path, body }: HttpRequest): HttpResponse {
    const sent = JSON.parse(body ?? '{}') as Stored & { metadata?: { name?: string; resourceVersion?: string } };
    const target = method === 'POST' ? `${path}/${sent.metadata?.name ?? ''}` : path;
    const known = this.objects.get(target);
    if (method === 'GET') return known === undefined ? status(404) : jsonResponse(200, known);
    if (
      method === 'POST'
        ? known !== undefined
        : sent.metadata?.resourceVersion !== (known?.['metadata'] as Stored | undefined)?.['resourceVersion']
    ) {
      return status(known === undefined ? 404 : 409);
    }
    this.edit(target, sent);
    this.after();
    return jsonResponse(200, this.objects.get(target));
  }
}

const status = (code: number): HttpResponse => jsonResponse(code, { kind: 'Status', code, reason: String(code), message: String(code) });

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null) return patch;
  const result = { ...(typeof target === 'object' ? target : {}) } as Stored;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
