import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '@brupop/manifests';
import { installObjects } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { fillSchema } from './schema.ts';
import { fillValues, operatorValues, VALUE_OF_VARIABLE } from './values.ts';

const CHART = join(import.meta.dirname, '../../charts/bottlerocket-update-operator');
const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');
const IMAGE = { agent: 'a:1', apiserver: 'b:1', controller: 'c:1' };
const VALUES = parse(fillValues(read('values.yaml'), operatorValues({ image: IMAGE }))) as Record<string, unknown>;
const validate = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(fillSchema(read('values.schema.json'))) as object);

/** The defaults with these values of the chart, as Helm merges them. */
function withValues(yaml: string): unknown {
  const merge = (base: unknown, change: unknown): unknown => {
    if (typeof base !== 'object' || base === null || typeof change !== 'object' || change === null) return change;
    const known = base as Record<string, unknown>;
    return { ...base, ...Object.fromEntries(Object.entries(change).map(([key, value]) => [key, merge(known[key], value)])) };
  };
  return merge(VALUES, parse(yaml));
}

describe('values.schema.json', () => {
  test.each([
    '{}',
    'max_unavailable: 50%',
    'max_unavailable: 3',
    'max_concurrent_updates: Unlimited',
    'scheduler_cron_expression: "@daily"',
    'scheduler_cron_expression: 0 0 2 * * Tuesday',
    '{update_window_start: "21:0:0", update_window_stop: "05:00:00"}',
    '{update_window_start: "", update_window_stop: "", scheduler_cron_expression: ""}',
    'logging: {formatter: json, ansi_enabled: true, agent: {tracing_filter: "info,controller=debug"}}',
    'logging: {ansi_enabled: "TRUE"}',
    'drain_timeout_seconds: "2592000"',
    'image: registry.example.com:5000/brupop/operator:v2.0.0',
    'env: {controller: {SOAK_TIME_IN_SEC: 300, METRICS_PORT: 9090, NODE_OPTIONS: --trace-warnings, MAX_FAILED_NODES: unlimited}}',
    'env: {agent: {UPDATE_CHECK_INTERVAL_IN_SEC: "600", HTTPS_PROXY: "http://proxy:3128"}}',
  ])('accepts %s', (values) => {
    expect([validate(withValues(values)), validate.errors]).toEqual([true, null]);
  });

  test.each([
    'scheduler_cron_expression: hello',
    'scheduler_cron_expression: 0 2 * * *',
    'scheduler_cron_expression: 60 0 2 * * * *',
    'update_window_start: "25:00:00"',
    'update_window_stop: noon',
    'max_unavailable: 150%',
    'max_unavailable: 0%',
    'max_unavailable: 0',
    'max_concurrent_updates: two',
    'exclude_from_lb_wait_time_in_sec: -1',
    'drain_timeout_seconds: "2592001"',
    'drain_timeout_action: ""',
    'certificates: ""',
    'logging: {formatter: xml}',
    'logging: {ansi_enabled: perhaps}',
    'logging: {agent: {tracing_filter: "info;debug"}}',
    'image: no image',
    'images: {agent: "Agent v2"}',
    'namespace: Brupop',
    'apiserver_internal_port: 99999',
    'apiserver_service_port: "65536"',
    'apiserver_service_port: "0443"',
    'env: {controller: {SOAK_TIME_IN_SEC: 5m}}',
    'env: {controller: {METRICS_PORT: 0}}',
    'env: {controller: {MAX_FAILED_NODES: none}}',
    'env: {agent: {UPDATE_CHECK_INTERVAL_IN_SEC: 5}}',
    'env: {agent: {APISERVER_URL: apiserver}}',
  ])('rejects %s', (values) => {
    expect(validate(withValues(values))).toBe(false);
  });
});

describe('checks.yaml', () => {
  test('names the value for each variable that the chart sets itself', () => {
    const checks = read('templates/checks.yaml');
    const dictOf = (component: Component): Record<string, string> => {
      const pairs = new RegExp(`^ {2}"${component}" \\(dict (.*)\\)$`, 'm').exec(checks)?.[1] ?? '';
      return Object.fromEntries([...pairs.matchAll(/"([^"]*)" "([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
    };
    interface Pod {
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container] } } };
    }
    interface Container {
      readonly command: readonly [string];
      readonly env: readonly { readonly name: string }[];
    }
    const pods = installObjects({ image: IMAGE }).filter(({ kind }) => kind === 'DaemonSet' || kind === 'Deployment') as unknown as Pod[];
    for (const { spec } of pods) {
      const [{ command, env }] = spec.template.spec.containers;
      const component = command[0].slice(2) as Component;
      const names = dictOf(component);
      expect(Object.keys(names).toSorted()).toEqual(env.map(({ name }) => name).toSorted());
      expect(names).toMatchObject(VALUE_OF_VARIABLE[component]);
    }
  });
});
