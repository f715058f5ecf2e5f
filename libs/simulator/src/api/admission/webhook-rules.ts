import { matchesLabelSelector } from '../storage/selectors.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** Operations that admission rules match. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/** One webhook of a configuration, with the API server's defaults filled in. */
export interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly ignoresFailures: boolean;
  readonly rules: readonly Json[];
  readonly namespaceSelector: unknown;
  readonly objectSelector: unknown;
}

/** The attributes of a request that rules match. */
export interface Matched {
  readonly operation: AdmissionOperation;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** Labels of the object's namespace; undefined for cluster-scoped objects. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
  readonly object: unknown;
  readonly oldObject: unknown;
}

const DEFAULT_TIMEOUT_S = 10;
const WEBHOOK_GROUP = 'admissionregistration.k8s.io';

/** The webhooks of one `ValidatingWebhookConfiguration` or `MutatingWebhookConfiguration`. */
export function webhooksOf(configuration: KubeObject): readonly Webhook[] {
  const { webhooks } = configuration;
  return (Array.isArray(webhooks) ? webhooks : []).filter(isRecord).map((webhook) => ({
    name: String(webhook['name']),
    url: urlOf(webhook['clientConfig']),
    timeoutMs: 1_000 * Number(webhook['timeoutSeconds'] ?? DEFAULT_TIMEOUT_S),
    ignoresFailures: webhook['failurePolicy'] === 'Ignore',
    rules: Array.isArray(webhook['rules']) ? webhook['rules'].filter(isRecord) : [],
    namespaceSelector: webhook['namespaceSelector'],
    objectSelector: webhook['objectSelector'],
  }));
}

function urlOf(clientConfig: unknown): string {
  const url = valueAt(clientConfig, 'url');
  if (typeof url === 'string') return url;
  const part = (name: string, otherwise: string): string => asText(valueAt(clientConfig, `service.${name}`) ?? otherwise);
  return `https://${part('name', '')}.${part('namespace', '')}.svc:${part('port', '443')}${part('path', '')}`;
}

/** Whether the API server calls this webhook. It calls none about webhook configurations. */
export function isAsked(webhook: Webhook, about: Matched): boolean {
  if (about.group === WEBHOOK_GROUP) return false;
  if (!webhook.rules.some((rule) => matchesRule(rule, about))) return false;
  const { namespaceLabels } = about;
  if (webhook.namespaceSelector !== undefined && namespaceLabels !== undefined) {
    if (!matchesLabelSelector(webhook.namespaceSelector, namespaceLabels)) return false;
  }
  if (webhook.objectSelector === undefined) return true;
  return [about.object, about.oldObject].some(
    (object) => isRecord(object) && matchesLabelSelector(webhook.objectSelector, labelsOf(object)),
  );
}

function matchesRule(rule: Json, { operation, group, version, resource, subresource }: Matched): boolean {
  const has = (field: string, value: string): boolean => {
    const list = rule[field];
    return Array.isArray(list) && (list.includes('*') || list.includes(value));
  };
  if (!has('operations', operation) || !has('apiGroups', group) || !has('apiVersions', version)) return false;
  const names = Array.isArray(rule['resources']) ? rule['resources'].map(String) : [];
  return names.some((name) => {
    const [wanted = '', wantedSub] = name.split('/');
    if (wanted !== '*' && wanted !== resource) return false;
    return wantedSub === '*' || (wantedSub ?? '') === subresource;
  });
}

function labelsOf(object: Json): Readonly<Record<string, string>> {
  return (valueAt(object, 'metadata.labels') ?? {}) as Readonly<Record<string, string>>;
}
