import type { HttpRequest } from '@brupop/ports';
import type { AdmissionWebhooks } from '../admission/admission-webhooks.ts';
import type { Conversions } from '../crd/conversion.ts';
import type { Core } from '../storage/core.ts';
import type { RequestTime } from './request-time.ts';
import { apiVersionOf } from '../storage/resources.ts';
import type { ResourceType } from '../storage/resources.ts';
import { badRequest, unsupportedMediaType } from './status.ts';
import { asText, isRecord } from '../types.ts';
import type { Identity, Json, RequestInfo } from '../types.ts';

/** Everything that a handler may need to know about its request. */
export interface Context {
  readonly core: Core;
  readonly conversions: Conversions;
  readonly webhooks: AdmissionWebhooks;
  readonly info: RequestInfo;
  readonly type: ResourceType;
  readonly query: URLSearchParams;
  readonly request: HttpRequest;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Limits until when the request may write. */
  readonly time: RequestTime;
  /** Texts for `Warning` headers; handlers add to it. */
  readonly warnings: string[];
}

/** Media type of the request body, without parameters. */
export const mediaType = (request: HttpRequest): string =>
  (request.headers?.['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';

/** @throws StatusError 400; 415 for protobuf, which `kubectl create` prefers for some kinds */
export function parseJson(request: HttpRequest): unknown {
  if (!/json|yaml/.test(mediaType(request))) throw unsupportedMediaType(['application/json']);
  try {
    return JSON.parse(request.body ?? '');
  } catch (cause) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(cause as Error).message}`);
  }
}

/** The object in the body of a POST or PUT. @throws StatusError 400, 415 */
export function readObject({ request, type }: Pick<Context, 'request' | 'type'>): Json {
  if (mediaType(request) !== 'application/json') throw unsupportedMediaType(['application/json']);
  const body = parseJson(request);
  if (!isRecord(body)) throw badRequest('the object provided is unrecognized (must be of type object)');
  const expected = apiVersionOf(type);
  if (body['apiVersion'] !== undefined && body['apiVersion'] !== expected) {
    throw badRequest(`the API version in the data (${asText(body['apiVersion'])}) does not match the expected API version (${expected})`);
  }
  if (body['kind'] !== undefined && body['kind'] !== type.kind) {
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${asText(body['kind'])}`);
  }
  const { metadata } = body;
  return { ...body, apiVersion: expected, kind: type.kind, metadata: isRecord(metadata) ? metadata : {} };
}
