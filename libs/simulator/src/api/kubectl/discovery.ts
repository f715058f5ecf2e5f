import type { HttpResponse } from '@brupop/ports';
import { jsonResponse, textResponse } from '@brupop/ports';
import type { Core } from '../storage/core.ts';
import { openApiV2, openApiV3, openApiV3Root } from './openapi.ts';
import { REVIEW_RESOURCES } from '../storage/resources.ts';
import type { ResourceType } from '../storage/resources.ts';
import { unknownPath } from '../http/status.ts';
import type { Json } from '../types.ts';

/** The Kubernetes version that the simulator claims to be. */
export const KUBERNETES_VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.1' };

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function resourceEntries(type: ResourceType): Json[] {
  const review = REVIEW_RESOURCES.includes(type);
  const { resource, kind, namespaced, singular, shortNames, categories } = type;
  const common = { singularName: '', namespaced };
  const entries: Json[] = [
    {
      ...common,
      name: resource,
      singularName: singular,
      kind,
      verbs: review ? ['create'] : VERBS,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      storageVersionHash: '',
    },
  ];
  if (type.hasStatus) entries.push({ ...common, name: `${resource}/status`, kind, verbs: ['get', 'patch', 'update'] });
  if (type.hasScale) {
    entries.push({
      ...common,
      name: `${resource}/scale`,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
  }
  if (type.storage === 'pods')
    entries.push({ ...common, name: 'pods/eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] });
  if (type.storage === 'serviceaccounts') {
    entries.push({
      ...common,
      name: 'serviceaccounts/token',
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      verbs: ['create'],
    });
  }
  return entries;
}

function groups(types: readonly ResourceType[]): Json[] {
  const names = [...new Set(types.map(({ group }) => group))].filter((group) => group !== '');
  return names.map((name) => {
    const versions = [...new Set(types.filter(({ group }) => group === name).map(({ version }) => version))].sort(byPriority);
    const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: entries, preferredVersion: entries[0] };
  });
}

// Stable versions first, then the highest number:
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
function byPriority(a: string, b: string): number {
  const rank = (version: string): number => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return -1;
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return stage * 1e6 + Number(match[1]) * 1e3 + Number(match[3] ?? 0);
  };
  return rank(b) - rank(a);
}

/** Answers the paths that name no resource. @throws StatusError 404 */
export function handleDiscovery(core: Core, path: string, accept: string): HttpResponse {
  const types = [...core.registry.types, ...REVIEW_RESOURCES];
  const parts = path.split('/').filter((part) => part !== '');
  const [first = '', group = '', version = ''] = parts;
  if (['healthz', 'readyz', 'livez'].includes(first)) return textResponse(200, 'ok', { 'content-type': 'text/plain; charset=utf-8' });
  if (path === '/version') {
    return jsonResponse(200, {
      ...KUBERNETES_VERSION,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '',
      goVersion: '',
      compiler: 'gc',
      platform: 'linux/amd64',
    });
  }
  if (path === '/api') {
    return jsonResponse(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  }
  if (path === '/apis') return jsonResponse(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(types) });
  if (path === '/openapi/v2') return openApiV2(types, accept);
  if (path === '/openapi/v3') return openApiV3Root(types);
  if (path.startsWith('/openapi/v3/')) return openApiV3(types, path.slice('/openapi/v3/'.length));
  if (first === 'apis' && parts.length === 2) {
    const found = groups(types).find(({ name }) => name === group);
    if (found !== undefined) return jsonResponse(200, { kind: 'APIGroup', apiVersion: 'v1', ...found });
  }
  const listed = first === 'api' && parts.length === 2 ? { group: '', version: group } : { group, version };
  const members = types.filter((type) => type.group === listed.group && type.version === listed.version);
  if (members.length === 0 || parts.length !== (first === 'api' ? 2 : 3)) throw unknownPath();
  const groupVersion = listed.group === '' ? listed.version : `${listed.group}/${listed.version}`;
  return jsonResponse(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: members.flatMap(resourceEntries) });
}
