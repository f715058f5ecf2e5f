import { isRecord } from '../types.ts';
import type { Json } from '../types.ts';

// Lists that Kubernetes merges by element, and the field that identifies an element (`patchMergeKey` in its types).
const MERGE_KEYS: Readonly<Record<string, string>> = {
  conditions: 'type',
  addresses: 'type',
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  volumes: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  hostAliases: 'ip',
  ownerReferences: 'uid',
  topologySpreadConstraints: 'topologyKey',
};
const MERGED_SETS: ReadonlySet<string> = new Set(['finalizers', 'podCIDRs']);

function mergeKeyOf(field: string, elements: readonly unknown[]): string | undefined {
  if (field !== 'ports') return MERGE_KEYS[field];
  return elements.some((element) => isRecord(element) && 'containerPort' in element) ? 'containerPort' : 'port';
}

function mergeList(field: string, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const key = mergeKeyOf(field, [...current, ...patch]);
  if (key === undefined) return MERGED_SETS.has(field) ? [...new Set([...current, ...patch])] : [...patch];
  if (patch.some((element) => isRecord(element) && element['$patch'] === 'replace')) {
    return patch.filter((element) => !(isRecord(element) && '$patch' in element));
  }
  const result = [...current];
  for (const element of patch) {
    if (!isRecord(element)) continue;
    const at = result.findIndex((existing) => isRecord(existing) && existing[key] === element[key]);
    if (element['$patch'] === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = applyStrategicMerge(result[at], element);
    else result.push(applyStrategicMerge({}, element));
  }
  return result;
}

function reorder(field: string, list: readonly unknown[], order: readonly unknown[]): unknown[] {
  const key = mergeKeyOf(field, [...list, ...order]);
  const rank = (element: unknown): number => {
    const at = order.findIndex((wanted) =>
      key !== undefined && isRecord(wanted) && isRecord(element) ? wanted[key] === element[key] : wanted === element,
    );
    return at < 0 ? order.length : at;
  };
  return [...list].sort((a, b) => rank(a) - rank(b));
}

/** Strategic merge patch: like a merge patch, but merges known lists by key; supports the `$` directives of kubectl. */
export function applyStrategicMerge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  if (patch['$patch'] === 'delete') return {};
  let result: Json = isRecord(target) && patch['$patch'] !== 'replace' ? { ...target } : {};
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) result = Object.fromEntries(Object.entries(result).filter(([key]) => retained.includes(key)));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const current = result[key];
    if (value === null) Reflect.deleteProperty(result, key);
    else if (Array.isArray(value)) result[key] = mergeList(key, Array.isArray(current) ? current : [], value);
    else if (isRecord(value) && value['$patch'] === 'delete') Reflect.deleteProperty(result, key);
    else result[key] = applyStrategicMerge(current, value);
  }
  for (const [directive, value] of Object.entries(patch)) {
    const [name, field] = directive.split('/', 2);
    const list = field === undefined ? undefined : result[field];
    if (field === undefined || !Array.isArray(value) || !Array.isArray(list)) continue;
    if (name === '$deleteFromPrimitiveList') result[field] = list.filter((element) => !value.includes(element));
    if (name === '$setElementOrder') result[field] = reorder(field, list, value);
  }
  return result;
}
