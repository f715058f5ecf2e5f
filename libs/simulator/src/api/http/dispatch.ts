import type { HttpResponse } from '@brupop/ports';
import { handleBinding } from '../storage/binding.ts';
import { handleDiscovery } from '../kubectl/discovery.ts';
import { handleEviction } from '../storage/eviction.ts';
import type { Context } from './http-io.ts';
import { handleGet, handleList } from './read-handlers.ts';
import { REVIEW_RESOURCES } from '../storage/resources.ts';
import { handleReview } from '../auth/reviews.ts';
import { handleScale } from '../storage/scale.ts';
import { methodNotAllowed, unknownPath } from './status.ts';
import { handleTokenRequest } from '../auth/token-request.ts';
import type { TokenAuthority } from '../auth/tokens.ts';
import type { OpenWatches } from './watch-handler.ts';
import { handleWatch } from './watch-handler.ts';
import { handleCreate, handleDelete, handleDeleteCollection, handlePatch, handleUpdate } from './write-handlers.ts';

/** Parts of the API that outlive a request. */
export interface Shared extends Pick<Context, 'core' | 'conversions' | 'webhooks'> {
  readonly tokens: TokenAuthority;
  readonly watches: OpenWatches;
}

/** Passes an authorized request to its handler. @throws StatusError */
export async function dispatch(
  shared: Shared,
  incoming: Omit<Context, 'core' | 'conversions' | 'webhooks' | 'type'>,
): Promise<HttpResponse> {
  const { info, request } = incoming;
  const { core, conversions, webhooks, tokens, watches } = shared;
  if (info.resource === '') {
    if (request.method !== 'GET') throw methodNotAllowed();
    return handleDiscovery(core, info.path, request.headers?.['accept'] ?? '');
  }
  const type = core.registry.find(info.group, info.version, info.resource);
  if (type === undefined) throw unknownPath();
  const context: Context = { core, conversions, webhooks, type, ...incoming };
  if (REVIEW_RESOURCES.includes(type)) {
    if (info.verb !== 'create') throw methodNotAllowed();
    return handleReview(context, tokens);
  }
  if (info.subresource !== '') return handleSubresource(context, tokens);
  switch (info.verb) {
    case 'get':
      return handleGet(context);
    case 'list':
      return handleList(context);
    case 'watch':
      return handleWatch(context, watches);
    case 'create':
      if (info.name !== '') throw methodNotAllowed();
      return handleCreate(context);
    case 'update':
      if (info.name === '') throw methodNotAllowed();
      return handleUpdate(context);
    case 'patch':
      if (info.name === '') throw methodNotAllowed();
      return handlePatch(context);
    case 'delete':
      return handleDelete(context);
    case 'deletecollection':
      return handleDeleteCollection(context);
    default:
      throw methodNotAllowed();
  }
}

async function handleSubresource(context: Context, tokens: TokenAuthority): Promise<HttpResponse> {
  const { info, type } = context;
  const { subresource, verb } = info;
  if (type.storage === 'pods' && subresource === 'binding' && verb === 'create') return handleBinding(context);
  if (type.storage === 'pods' && subresource === 'eviction' && verb === 'create') return handleEviction(context);
  if (type.storage === 'serviceaccounts' && subresource === 'token' && verb === 'create') return handleTokenRequest(context, tokens);
  if (type.hasScale && subresource === 'scale') return handleScale(context);
  if (!type.hasStatus || subresource !== 'status') throw unknownPath();
  switch (verb) {
    case 'get':
      return handleGet(context);
    case 'update':
      return handleUpdate(context);
    case 'patch':
      return handlePatch(context);
    default:
      throw methodNotAllowed();
  }
}
