import type { Core } from '../storage/core.ts';
import { StatusError, forbidden } from '../http/status.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import type { Identity, Json, KubeObject, RequestInfo } from '../types.ts';

const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function allows(list: unknown, wanted: string): boolean {
  return Array.isArray(list) && (list.includes('*') || list.includes(wanted));
}

function ruleAllows(rule: Json, info: RequestInfo): boolean {
  if (!allows(rule['verbs'], info.verb)) return false;
  if (info.resource === '') {
    const urls = rule['nonResourceURLs'];
    return (
      Array.isArray(urls) &&
      urls.some(
        (url: unknown) => typeof url === 'string' && (url.endsWith('*') ? info.path.startsWith(url.slice(0, -1)) : url === info.path),
      )
    );
  }
  const { resources, resourceNames } = rule;
  const full = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  const named = !Array.isArray(resourceNames) || resourceNames.length === 0 || (info.name !== '' && resourceNames.includes(info.name));
  const covers = allows(resources, full) || (info.subresource !== '' && allows(resources, `*/${info.subresource}`));
  return allows(rule['apiGroups'], info.group) && covers && named;
}

function isSubject(subject: Json, identity: Identity, namespace: string | undefined): boolean {
  const { kind, name } = subject;
  if (kind === 'User') return name === identity.username;
  if (kind === 'Group') return typeof name === 'string' && identity.groups.includes(name);
  const home = subject['namespace'] ?? namespace;
  return kind === 'ServiceAccount' && identity.username === `system:serviceaccount:${asText(home)}:${String(name)}`;
}

const binds = (binding: KubeObject, identity: Identity): boolean =>
  records(binding['subjects']).some((subject) => isSubject(subject, identity, binding.metadata.namespace));

function boundRules(core: Core, binding: KubeObject): Json[] {
  const name = String(valueAt(binding, 'roleRef.name'));
  const role =
    valueAt(binding, 'roleRef.kind') === 'ClusterRole'
      ? core.store.get('clusterroles.rbac.authorization.k8s.io', name)
      : core.store.get('roles.rbac.authorization.k8s.io', `${binding.metadata.namespace ?? ''}/${name}`);
  return records(role?.['rules']);
}

/** Whether the Roles and bindings in the store allow a request. */
export function isAllowed(core: Core, identity: Identity, info: RequestInfo): boolean {
  if (identity.groups.includes('system:masters')) return true;
  const clusterWide = core.store.list('clusterrolebindings.rbac.authorization.k8s.io');
  const local = core.store.list('rolebindings.rbac.authorization.k8s.io').filter(({ metadata }) => metadata.namespace === info.namespace);
  const bindings = info.namespace === '' ? clusterWide : [...clusterWide, ...local];
  return bindings.some((binding) => binds(binding, identity) && boundRules(core, binding).some((rule) => ruleAllows(rule, info)));
}

/** @throws StatusError 403, with the message of the Kubernetes authorizer */
export function authorize(core: Core, identity: Identity, info: RequestInfo): void {
  if (isAllowed(core, identity, info)) return;
  const { verb, group, resource, subresource, namespace, name, path } = info;
  if (resource === '') {
    const message = `forbidden: User "${identity.username}" cannot ${verb} path "${path}"`;
    throw new StatusError(403, 'Forbidden', message, {});
  }
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const why = `User "${identity.username}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
  throw forbidden({ group, resource }, name, why);
}
