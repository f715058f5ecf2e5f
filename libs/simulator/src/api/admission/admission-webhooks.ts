import { sleep } from '@brupop/ports';
import type { Clock } from '@brupop/ports';
import type { ClusterStore } from '../storage/cluster-store.ts';
import type { Core } from '../storage/core.ts';
import { uuid } from '../storage/core.ts';
import { applyJsonPatch } from '../storage/patch.ts';
import { requestOver } from '../http/request-time.ts';
import type { RequestTime } from '../http/request-time.ts';
import { StatusError, internalError } from '../http/status.ts';
import type { StatusDetails } from '../http/status.ts';
import { isRecord } from '../types.ts';
import type { Identity, Json } from '../types.ts';
import { isAsked, webhooksOf } from './webhook-rules.ts';
import type { AdmissionOperation, Matched, Webhook } from './webhook-rules.ts';

/** `request` of an AdmissionReview. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: AdmissionOperation;
  readonly userInfo: { readonly username: string; readonly groups: readonly string[] };
  readonly object: Json | null;
  readonly oldObject: Json | null;
  readonly dryRun: boolean;
}

/** `response` of an AdmissionReview; the uid is added. */
export interface AdmissionResponse {
  readonly allowed: boolean;
  readonly status?: {
    readonly code?: number;
    readonly message?: string;
    readonly reason?: string;
    readonly details?: StatusDetails;
  };
  /** Always `JSONPatch`; the patch itself is base64. */
  readonly patchType?: string;
  readonly patch?: string;
}

/** The server side of a webhook. `signal` aborts when the API server no longer waits. A rejection counts as a failed call. */
export type AdmissionHandler = (request: AdmissionRequest, signal: AbortSignal) => Promise<AdmissionResponse>;

/** How a webhook answers one request. */
export interface WebhookBehaviour {
  /** How long the answer takes. */
  readonly delayMs?: number;
  readonly deny?: { readonly message?: string; readonly code?: number; readonly reason?: string; readonly details?: StatusDetails };
  /** A JSON patch; only for mutating webhooks. */
  readonly patch?: readonly object[];
  /** Breaks the connection with this error. */
  readonly fails?: string;
}

/** A webhook together with its configuration. It matches every version of every API group. */
export interface WebhookRule {
  /** Such as `policy.example.com`. */
  readonly name: string;
  /** As in a configuration, such as `pods/eviction` or `nodes`. */
  readonly resources: readonly string[];
  /** All by default. */
  readonly operations?: readonly AdmissionOperation[];
  readonly mutating?: boolean;
  /** `Fail` by default. */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** 10 by default, 30 at most. */
  readonly timeoutSeconds?: number;
  readonly namespaceSelector?: object;
  readonly objectSelector?: object;
  readonly answer: (request: AdmissionRequest) => WebhookBehaviour;
}

/** The request that admission decides about. */
export interface Attributes extends Omit<Matched, 'object' | 'oldObject' | 'namespaceLabels'> {
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly name: string;
  readonly namespace: string;
  readonly object: Json | undefined;
  readonly oldObject: Json | undefined;
  readonly dryRun: boolean;
  readonly identity: Identity;
}

const CONFIGURATIONS = {
  mutating: { kind: 'MutatingWebhookConfiguration', resource: 'mutatingwebhookconfigurations' },
  validating: { kind: 'ValidatingWebhookConfiguration', resource: 'validatingwebhookconfigurations' },
} as const;
const GROUP = 'admissionregistration.k8s.io';

/** Waits and answers as `behaviour` says. */
export async function behave(behaviour: WebhookBehaviour, clock: Clock, signal: AbortSignal): Promise<AdmissionResponse> {
  const { delayMs = 0, deny, patch, fails } = behaviour;
  if (delayMs > 0) await sleep(clock, delayMs, signal);
  if (fails !== undefined) throw new Error(fails);
  if (deny !== undefined) return { allowed: false, status: deny };
  if (patch === undefined) return { allowed: true };
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
}

/** The admission webhooks of a cluster. Their configurations are objects of the API; their URLs lead to handlers of this process. */
export class AdmissionWebhooks {
  readonly #core: Core;
  readonly #store: ClusterStore;
  readonly #handlers = new Map<string, AdmissionHandler>();

  constructor(core: Core, store: ClusterStore) {
    this.#core = core;
    this.#store = store;
  }

  /** Lets a handler answer at `url`, which configurations name in `clientConfig.url`. @returns a function that removes the handler */
  serve(url: string, handler: AdmissionHandler): () => void {
    this.#handlers.set(url, handler);
    return () => this.#handlers.delete(url);
  }

  /** Serves a webhook and creates its configuration. @returns a function that removes both */
  add(webhook: WebhookRule): () => void {
    const url = `https://${webhook.name}/admit`;
    const stop = this.serve(url, (request, signal) => behave(webhook.answer(request), this.#core.clock, signal));
    const { kind, resource } = CONFIGURATIONS[webhook.mutating === true ? 'mutating' : 'validating'];
    this.#store.create({
      apiVersion: `${GROUP}/v1`,
      kind,
      metadata: { name: webhook.name },
      ...{ webhooks: [configurationOf(webhook, url)] },
    });
    return () => {
      stop();
      this.#store.delete({ group: GROUP, resource, name: webhook.name });
    };
  }

  /** Calls the mutating webhooks in turn and returns the object as they leave it. @throws StatusError */
  async mutate(attributes: Attributes, time: RequestTime): Promise<Json | undefined> {
    let { object } = attributes;
    for (const webhook of this.#asked('mutating', attributes)) {
      const response = await this.#call(webhook, { ...attributes, object }, time);
      if (response?.patch === undefined) continue;
      object = applyJsonPatch(object, JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8'))) as Json;
    }
    return object;
  }

  /** Calls the validating webhooks, all at once. @throws StatusError */
  async validate(attributes: Attributes, time: RequestTime): Promise<void> {
    const asked = this.#asked('validating', attributes);
    if (asked.length > 0) await Promise.all(asked.map((webhook) => this.#call(webhook, attributes, time)));
  }

  #asked(kind: keyof typeof CONFIGURATIONS, attributes: Attributes): readonly Webhook[] {
    const configurations = this.#core.store.list(`${CONFIGURATIONS[kind].resource}.${GROUP}`);
    if (configurations.length === 0) return [];
    const namespace = attributes.namespace === '' ? undefined : this.#core.store.get('namespaces', attributes.namespace);
    const namespaceLabels = attributes.namespace === '' ? undefined : (namespace?.metadata.labels ?? {});
    return configurations.flatMap(webhooksOf).filter((webhook) => isAsked(webhook, { ...attributes, namespaceLabels }));
  }

  /** @returns undefined if the failure policy ignores the failure. @throws StatusError if it does not, or if the webhook denies */
  async #call(webhook: Webhook, attributes: Attributes, time: RequestTime): Promise<AdmissionResponse | undefined> {
    const { clock } = this.#core;
    const abort = new AbortController();
    const stop = (): void => {
      abort.abort(new Error('context canceled'));
    };
    const cancel = clock.setTimer(Math.min(webhook.timeoutMs, time.deadlineMs - clock.monotonic()), () => {
      abort.abort(new Error('context deadline exceeded'));
    });
    if (time.signal.aborted) stop();
    time.signal.addEventListener('abort', stop, { once: true });
    let response: AdmissionResponse;
    try {
      response = await this.#exchange(webhook.url, requestOf(attributes, this.#core), abort.signal);
    } catch (cause) {
      requestOver(clock, time);
      if (webhook.ignoresFailures) return undefined;
      const why = `Post "${webhook.url}?timeout=${String(webhook.timeoutMs / 1_000)}s": ${cause instanceof Error ? cause.message : String(cause)}`;
      throw internalError(`failed calling webhook "${webhook.name}": failed to call webhook: ${why}`);
    } finally {
      cancel();
      time.signal.removeEventListener('abort', stop);
    }
    if (!response.allowed) throw denied(webhook.name, response);
    return response;
  }

  /** The result of a handler that answers after the API server has hung up is discarded. */
  #exchange(url: string, request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionResponse> {
    const handler = this.#handlers.get(url);
    return new Promise((resolve, reject) => {
      const hangUp = (): void => {
        reject(signal.reason as Error);
      };
      if (signal.aborted) hangUp();
      signal.addEventListener('abort', hangUp, { once: true });
      if (handler === undefined) reject(new Error('connect: connection refused'));
      else handler(request, signal).then(resolve, reject);
    });
  }
}

function configurationOf(webhook: WebhookRule, url: string): object {
  const { name, resources, operations = ['*'], failurePolicy = 'Fail', timeoutSeconds = 10, namespaceSelector, objectSelector } = webhook;
  return {
    name,
    clientConfig: { url },
    rules: [{ operations, apiGroups: ['*'], apiVersions: ['*'], resources }],
    failurePolicy,
    timeoutSeconds,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...(namespaceSelector && { namespaceSelector }),
    ...(objectSelector && { objectSelector }),
  };
}

function requestOf(attributes: Attributes, core: Core): AdmissionRequest {
  const { kind, group, version, resource, subresource, name, namespace, operation, identity, object, oldObject, dryRun } = attributes;
  return {
    uid: uuid(core.random),
    kind,
    resource: { group, version, resource },
    ...(subresource !== '' && { subResource: subresource }),
    ...(name !== '' && { name }),
    ...(namespace !== '' && { namespace }),
    operation,
    userInfo: { username: identity.username, groups: identity.groups },
    object: object ?? null,
    oldObject: oldObject ?? null,
    dryRun,
  };
}

function denied(webhook: string, { status = {} }: AdmissionResponse): StatusError {
  const { code = 0, message = '', reason = '', details } = status;
  const by = `admission webhook "${webhook}" denied the request`;
  const why = message !== '' ? `: ${message}` : reason !== '' ? `: ${reason}` : ' without explanation';
  return new StatusError(Math.max(code, 400), reason === '' ? undefined : reason, by + why, isRecord(details) ? details : undefined);
}
