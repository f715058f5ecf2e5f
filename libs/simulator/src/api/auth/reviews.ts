import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { admitChange } from '../admission/admit-request.ts';
import type { Context } from '../http/http-io.ts';
import { readObject } from '../http/http-io.ts';
import { isAllowed } from './rbac.ts';
import type { TokenAuthority } from './tokens.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Identity, Json, RequestInfo } from '../types.ts';

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const userOf = ({ username, uid, groups, extra }: Identity): Json => ({
  username,
  ...(uid !== undefined && uid !== '' && { uid }),
  groups,
  ...(extra && { extra }),
});

function reviewToken(body: Json, tokens: TokenAuthority): Json {
  const asked = texts(valueAt(body, 'spec.audiences'));
  const review = tokens.review(text(valueAt(body, 'spec.token')), asked.length === 0 ? undefined : asked);
  if (!review.ok) return { user: {}, error: review.error };
  return { authenticated: true, user: userOf(review.identity), audiences: review.audiences };
}

function reviewAccess({ core, type, identity }: Context, body: Json): Json {
  const spec = isRecord(body['spec']) ? body['spec'] : {};
  const resource = isRecord(spec['resourceAttributes']) ? spec['resourceAttributes'] : {};
  const path = isRecord(spec['nonResourceAttributes']) ? spec['nonResourceAttributes'] : undefined;
  const info: RequestInfo = {
    verb: text(path?.['verb'] ?? resource['verb']),
    group: text(resource['group']),
    version: text(resource['version']),
    resource: text(resource['resource']),
    subresource: text(resource['subresource']),
    namespace: text(resource['namespace']),
    name: text(resource['name']),
    path: text(path?.['path']),
  };
  const who = type.kind === 'SelfSubjectAccessReview' ? identity : { username: text(spec['user']), groups: texts(spec['groups']) };
  return { allowed: isAllowed(core, who, info) };
}

/** POST of a review: responds with its status filled in; stores nothing. */
export async function handleReview(context: Context, tokens: TokenAuthority): Promise<HttpResponse> {
  const body = readObject(context);
  await admitChange(context, { operation: 'CREATE', object: body });
  const status = ((): Json => {
    switch (context.type.kind) {
      case 'TokenReview':
        return reviewToken(body, tokens);
      case 'SelfSubjectReview':
        return { userInfo: userOf(context.identity) };
      default:
        return reviewAccess(context, body);
    }
  })();
  return jsonResponse(201, {
    ...body,
    metadata: { creationTimestamp: null, ...(isRecord(body['metadata']) ? body['metadata'] : {}) },
    status,
  });
}
