import { CONFIG as AGENT } from '@brupop/agent';
import { CONFIG as APISERVER } from '@brupop/apiserver';
import { CONTROLLER_CONFIG as CONTROLLER } from '@brupop/controller';
import type { Component } from '@brupop/manifests';
import type { ConfigItem } from '@brupop/process';
import { IMAGE, LABEL } from '../settings.ts';
import { integerPattern, schemaOf } from './text-schema.ts';
import type { ValueSchema } from './text-schema.ts';
import { VALUE_OF_VARIABLE } from './values.ts';

/** The traversed part of a JSON Schema. */
interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  definitions?: Record<string, SchemaNode>;
  [keyword: string]: unknown;
}

const VARIABLES: Readonly<Record<Component, readonly ConfigItem<unknown>[]>> = {
  agent: Object.values(AGENT),
  apiserver: Object.values(APISERVER),
  controller: Object.values(CONTROLLER),
};

// Objects of the chart depend on these: an empty text must mean the same to the chart and to the process.
const REQUIRED_VALUES = ['certificates', 'drain_timeout_action'];
// Written into the objects literally, where 0443 would be another number.
const PORT: ValueSchema = { type: ['string', 'integer'], pattern: `^(${integerPattern(1, 65_535)})$`, minimum: 1, maximum: 65_535 };
const METRICS_PORT = 'METRICS_PORT';

/**
 * A values.schema.json with the rules of the processes' own parsers: Helm rejects what a process would reject at its start, before it
 * changes anything. Rules about more than one value are in the chart's `checks.yaml`.
 */
export function fillSchema(text: string): string {
  const schema = JSON.parse(text) as SchemaNode;
  fillPatterns(schema);
  for (const component of ['agent', 'apiserver', 'controller'] as const) fillVariables(schema, component);
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function fillPatterns({ properties = {}, definitions = {} }: SchemaNode): void {
  for (const [name, node] of Object.entries(properties)) {
    if (name === 'namespace') node['pattern'] = LABEL.source;
    if (name === 'image') node['pattern'] = optional(IMAGE);
    if (name === 'images') for (const image of Object.values(node.properties ?? {})) image['pattern'] = optional(IMAGE);
  }
  if (definitions['port'] !== undefined) Object.assign(definitions['port'], PORT);
}

const optional = ({ source }: RegExp): string => `^(${source.replace(/^\^|\$$/g, '').replaceAll('\\/', '/')})?$`;

function fillVariables(schema: SchemaNode, component: Component): void {
  const further = schema.properties?.['env']?.properties?.[component];
  for (const { env, doc, default: otherwise, parse } of VARIABLES[component]) {
    const value = VALUE_OF_VARIABLE[component][env];
    const isOptional = otherwise !== undefined && !REQUIRED_VALUES.includes(value ?? '');
    const rule: ValueSchema = { description: doc, ...schemaOf(parse.rule, isOptional) };
    if (value !== undefined) put(schema, value.split('.'), rule);
    else if (further !== undefined && env === METRICS_PORT) (further.properties ??= {})[env] = { $ref: '#/definitions/port' };
    else if (further !== undefined && parse.rule !== undefined) (further.properties ??= {})[env] = { ...rule };
  }
}

/** Sets the rule of a value where the chart has it. */
function put(schema: SchemaNode, [name = '', ...rest]: readonly string[], rule: ValueSchema): void {
  const node = schema.properties?.[name];
  if (node === undefined) return;
  if (rest.length === 0) Object.assign(node, rule);
  else put(node, rest, rule);
}
