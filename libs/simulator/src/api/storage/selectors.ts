import type { ResourceType } from './resources.ts';
import { badRequest } from '../http/status.ts';
import { isRecord, valueAt } from '../types.ts';
import type { KubeObject } from '../types.ts';

/** Whether an object is selected. */
export type Matcher = (object: KubeObject) => boolean;

type Labels = Readonly<Record<string, string>>;
type LabelRule = (labels: Labels) => boolean;

const everything: Matcher = () => true;

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/;

function labelRule(text: string, whole: string): LabelRule {
  const unable = (): Error => badRequest(`unable to parse requirement: "${text}" in "${whole}"`);
  const named = (name: string): string => {
    if (!NAME.test(name)) throw unable();
    return name;
  };
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const key = named(set[1] ?? '');
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    const isIn = (labels: Labels): boolean => labels[key] !== undefined && values.includes(labels[key]);
    return set[2] === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality !== null) {
    const key = named(equality[1] ?? '');
    return equality[2] === '!=' ? (labels) => labels[key] !== equality[3] : (labels) => labels[key] === equality[3];
  }
  if (text.startsWith('!')) {
    const key = named(text.slice(1).trim());
    return (labels) => labels[key] === undefined;
  }
  const key = named(text);
  return (labels) => labels[key] !== undefined;
}

/**
 * Parses a label selector such as `app=web,tier in (a, b),!old`.
 * @throws StatusError 400
 */
export function labelMatcher(selector: string): Matcher {
  const parts = selector.split(/,(?![^(]*\))/).map((part) => part.trim());
  if (selector.trim() === '') return everything;
  const rules = parts.map((part) => labelRule(part, selector));
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return rules.every((rule) => rule(labels));
  };
}

/** Whether labels match a `LabelSelector` object; an absent one matches nothing, an empty one everything. */
export function matchesLabelSelector(selector: unknown, labels: Labels = {}): boolean {
  if (!isRecord(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  if (isRecord(matchLabels) && !Object.entries(matchLabels).every(([key, value]) => labels[key] === value)) return false;
  if (!Array.isArray(matchExpressions)) return true;
  return matchExpressions.every((expression: unknown) => matchesExpression(expression, labels));
}

/** Whether labels satisfy one entry of `matchExpressions`. `Gt` and `Lt` are for terms of node affinity only. */
export function matchesExpression(expression: unknown, labels: Labels = {}): boolean {
  if (!isRecord(expression)) return false;
  const value = labels[String(expression['key'])];
  const values: readonly unknown[] = Array.isArray(expression['values']) ? expression['values'] : [];
  switch (expression['operator']) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

// Absent fields have the zero value of their Go type.
function fieldReader(field: string): (object: KubeObject) => string {
  const path = (field === 'source' ? 'source.component' : field).split('.');
  const absent = field === 'spec.unschedulable' || field === 'spec.hostNetwork' ? 'false' : '';
  return (object) => {
    const value = valueAt(object, path);
    if (typeof value === 'string') return value;
    return typeof value === 'boolean' || typeof value === 'number' ? String(value) : absent;
  };
}

/** One `field=value` of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** @throws StatusError 400 */
export function parseFieldSelector(selector: string): FieldRequirement[] {
  if (selector.trim() === '') return [];
  return selector.split(',').map((part) => {
    const match = /^\s*([^=!]+?)\s*(==|=|!=)(.*)$/.exec(part);
    if (match === null) throw badRequest(`invalid field selector: "${selector}": can't understand "${part}"`);
    return { field: match[1] ?? '', equal: match[2] !== '!=', value: (match[3] ?? '').trim() };
  });
}

/** @throws StatusError 400 for a field that this resource does not support */
export function fieldMatcher(type: ResourceType, selector: string): Matcher {
  const rules = parseFieldSelector(selector);
  if (rules.length === 0) return everything;
  for (const { field } of rules) {
    if (field !== 'metadata.name' && field !== 'metadata.namespace' && !type.selectable.includes(field)) {
      throw badRequest(`field label not supported: ${field}`);
    }
  }
  const checks = rules.map(({ field, equal, value }) => ({ read: fieldReader(field), equal, value }));
  return (object) => checks.every(({ read, equal, value }) => (read(object) === value) === equal);
}
