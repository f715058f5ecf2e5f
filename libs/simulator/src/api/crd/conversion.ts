import type { HttpClient } from '@brupop/ports';
import type { WebhookService } from './crd-definition.ts';
import type { Core } from '../storage/core.ts';
import { uuid } from '../storage/core.ts';
import { toCoreEvent, toEventsEvent } from '../storage/event-versions.ts';
import { apiVersionOf } from '../storage/resources.ts';
import type { ResourceType } from '../storage/resources.ts';
import { internalError, StatusError } from '../http/status.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** Finds the connection to the Service behind a conversion webhook. */
export type ConversionResolver = (service: WebhookService) => HttpClient;

/** The error that a request gets when the webhook fails; it depends on the kind of request. */
type Failure = (message: string) => StatusError;

const WEBHOOK_TIMEOUT_MS = 30_000;

/** Converts objects between the versions of a custom resource. */
export class Conversions {
  readonly #core: Core;
  readonly #resolve: ConversionResolver | undefined;

  constructor(core: Core, resolve: ConversionResolver | undefined) {
    this.#core = core;
    this.#resolve = resolve;
  }

  /** One object as version `type.version` shows it. @throws StatusError 500 InternalError if the webhook fails */
  async toOne<T extends Json | KubeObject>(type: ResourceType, object: T): Promise<T> {
    const [shown = object] = await this.#show(type, [object], (message) => internalError(message));
    return shown;
  }

  /** A list as version `type.version` shows it. @throws StatusError 500 StorageReadError if the webhook fails */
  toList<T extends Json | KubeObject>(type: ResourceType, objects: readonly T[]): Promise<readonly T[]> {
    return this.#show(type, objects, (message) => new StatusError(500, 'StorageReadError', message));
  }

  /** Objects as they are stored. @throws StatusError 500 without a reason if the webhook fails */
  toStored<T extends Json | KubeObject>(type: ResourceType, objects: readonly T[]): Promise<readonly T[]> {
    if (type.storage === 'events') return Promise.resolve(type.group === '' ? objects : objects.map((object) => toCoreEvent(object) as T));
    return this.#convert(
      type,
      apiVersionOf({ ...type, version: type.storageVersion }),
      objects,
      (message) => new StatusError(500, undefined, message),
    );
  }

  #show<T extends Json | KubeObject>(type: ResourceType, objects: readonly T[], failure: Failure): Promise<readonly T[]> {
    if (type.storage === 'events')
      return Promise.resolve(type.group === '' ? objects : objects.map((object) => toEventsEvent(object) as T));
    return this.#convert(type, apiVersionOf(type), objects, failure);
  }

  async #convert<T extends Json | KubeObject>(
    type: ResourceType,
    desired: string,
    objects: readonly T[],
    failure: Failure,
  ): Promise<readonly T[]> {
    const foreign = objects.filter((object) => object['apiVersion'] !== desired);
    if (!type.custom || foreign.length === 0) return objects;
    const conversion = this.#core.registry.custom(type.storage)?.conversion;
    if (conversion === undefined) return objects.map((object) => ({ ...object, apiVersion: desired }));
    const converted = await this.#callWebhook(type, desired, foreign, conversion.service, failure);
    const queue = converted.map((object) => object as T);
    return objects.map((object) => (object['apiVersion'] === desired ? object : (queue.shift() ?? object)));
  }

  async #callWebhook(
    type: ResourceType,
    desired: string,
    objects: readonly (Json | KubeObject)[],
    service: WebhookService | undefined,
    failure: Failure,
  ): Promise<readonly Json[]> {
    const fail = (why: string): Error =>
      failure(`conversion webhook for ${String(objects[0]?.['apiVersion'])}, Kind=${type.kind} failed: ${why}`);
    if (service === undefined || this.#resolve === undefined) throw fail('no conversion client is configured');
    const uid = uuid(this.#core.random);
    const abort = new AbortController();
    const cancel = this.#core.clock.setTimer(WEBHOOK_TIMEOUT_MS, () => {
      abort.abort(new Error('context deadline exceeded'));
    });
    let body: unknown;
    try {
      const response = await this.#resolve(service).request(
        {
          method: 'POST',
          path: `${service.path}?timeout=30s`,
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({
            kind: 'ConversionReview',
            apiVersion: 'apiextensions.k8s.io/v1',
            request: { uid, desiredAPIVersion: desired, objects },
          }),
        },
        abort.signal,
      );
      const text = await response.text();
      if (response.status !== 200) throw new Error(`the server responded with the status code ${String(response.status)}: ${text}`);
      body = JSON.parse(text);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw fail(`Post "https://${service.name}.${service.namespace}.svc:${String(service.port)}${service.path}?timeout=30s": ${why}`);
    } finally {
      cancel();
    }
    return this.#checked(body, uid, desired, objects, fail);
  }

  /** Checks what the API server requires: the same uid, as many objects, the right version and unchanged identities. */
  #checked(
    body: unknown,
    uid: string,
    desired: string,
    objects: readonly (Json | KubeObject)[],
    fail: (why: string) => Error,
  ): readonly Json[] {
    if (valueAt(body, 'response.uid') !== uid) throw fail(`expected response.uid="${uid}", got "${String(valueAt(body, 'response.uid'))}"`);
    if (valueAt(body, 'response.result.status') !== 'Success')
      throw fail(asText(valueAt(body, 'response.result.message') ?? 'response.result.status was not Success'));
    const converted = valueAt(body, 'response.convertedObjects');
    if (!Array.isArray(converted) || converted.length !== objects.length) {
      throw fail(`webhook returned ${String(Array.isArray(converted) ? converted.length : 0)} objects, expected ${String(objects.length)}`);
    }
    return converted.map((object: unknown, at) => {
      if (!isRecord(object) || object['apiVersion'] !== desired)
        throw fail(`webhook returned invalid converted object at index ${String(at)}: invalid groupVersion`);
      for (const field of ['name', 'namespace', 'uid']) {
        if (valueAt(object, `metadata.${field}`) !== valueAt(objects[at], `metadata.${field}`)) {
          throw fail(`webhook returned invalid converted object at index ${String(at)}: metadata.${field} must not be changed`);
        }
      }
      // The webhook may change labels and annotations, and no other metadata.
      const before = objects[at]?.['metadata'];
      const { labels, annotations } = isRecord(object['metadata']) ? object['metadata'] : {};
      const metadata: Json = { ...(isRecord(before) ? before : {}), labels, annotations };
      return { ...object, metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) };
    });
  }
}
