import type { HttpRequest } from '@brupop/ports';
import { parseFieldSelector } from '../storage/selectors.ts';
import type { RequestInfo } from '../types.ts';

/** A parsed request. */
export interface Route {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
}

const VERBS: Readonly<Record<HttpRequest['method'], string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const isTrue = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0';

function verbOf(method: HttpRequest['method'], name: string, query: URLSearchParams): string {
  if (method === 'GET') return isTrue(query.get('watch')) ? 'watch' : name === '' ? 'list' : 'get';
  return method === 'DELETE' && name === '' ? 'deletecollection' : VERBS[method];
}

function nameInSelector(query: URLSearchParams): string {
  try {
    const rules = parseFieldSelector(query.get('fieldSelector') ?? '');
    return rules.find(({ field, equal }) => equal && field === 'metadata.name')?.value ?? '';
  } catch {
    return '';
  }
}

/** Parses a path as the API server's RequestInfo does. */
export function parseRoute(method: HttpRequest['method'], target: string): Route {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decodeSegment(segment));
  const other: RequestInfo = {
    verb: method.toLowerCase(),
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    path,
  };
  const core = segments[0] === 'api';
  if (!core && segments[0] !== 'apis') return { info: other, query };
  const [group = '', version = ''] = core ? ['', segments[1]] : [segments[1], segments[2]];
  let rest = segments.slice(core ? 2 : 3);
  if (rest.length === 0) return { info: other, query };
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] ?? '';
    const ownSubresource = rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
    if (rest.length > 2 && !ownSubresource) rest = rest.slice(2);
  }
  const [resource = '', name = '', ...sub] = rest;
  const verb = verbOf(method, name, query);
  const wanted = name === '' && ['list', 'watch', 'deletecollection'].includes(verb) ? nameInSelector(query) : name;
  return { info: { verb, group, version, resource, subresource: sub.join('/'), namespace, name: wanted, path }, query };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
