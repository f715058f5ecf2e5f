import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APISERVER_METRICS } from '@brupop/apiserver';
import { CONTROLLER_METRICS, LEADER_METRICS } from '@brupop/controller';
import { describe, expect, test } from '@jest/globals';
import { RULES } from './rules.ts';

const METRICS = new Map([...CONTROLLER_METRICS, ...LEADER_METRICS, ...APISERVER_METRICS].map((metric) => [metric.name, metric]));
const rules = RULES.groups.flatMap((group) => group.rules);

describe('rules for Prometheus', () => {
  test('each uses metrics that a component exposes', () => {
    const asked = rules.flatMap(({ expr }) => expr.match(/\bbrupop_\w+/g) ?? []);
    expect(asked).not.toEqual([]);
    expect(asked.filter((name) => !METRICS.has(name))).toEqual([]);
  });

  test('each selects labels that the metric has, with values that can occur', () => {
    const selections = rules.flatMap(({ expr }) => [...expr.matchAll(/\b(brupop_\w+)\{(\w+)!?="(\w+)"\}/g)]);
    expect(selections).not.toEqual([]);
    for (const [, metric = '', label = '', value] of selections) {
      expect(METRICS.get(metric)?.labels).toHaveProperty(label, expect.arrayContaining([value]));
    }
  });

  test('rates are of counters only', () => {
    const typeOf = (name: string | undefined): string | undefined => METRICS.get(name ?? '')?.type;
    for (const { expr } of rules) {
      const rated = [...expr.matchAll(/\b(?:rate|increase)\((brupop_\w+)/g)].map(([, name]) => name);
      expect(rated.map(typeOf).filter((type) => type !== 'counter')).toEqual([]);
      if (rated.length === 0) expect((expr.match(/\bbrupop_\w+/g) ?? []).map(typeOf).filter((type) => type === 'counter')).toEqual([]);
    }
  });

  test('an apiserver that permanently rejects a single agent raises an alert', () => {
    const expr = rules.find((rule) => 'alert' in rule && rule.alert === 'BrupopAgentsRefused')?.expr ?? '';
    // An agent waits for at most 45 s between two requests.
    expect(Number(/> ([\d.]+)$/.exec(expr)?.[1])).toBeLessThan(1 / 45);
  });

  test('docs/operations.md explains exactly these alerts, with their severity', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/operations.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `(Brupop\w+)` +\| (\w+) /gm)].map(([, name, severity]) => `${name} ${severity}`);
    const alerts = rules.flatMap((rule) => ('alert' in rule ? [`${rule.alert} ${rule.labels.severity}`] : []));
    expect(explained.toSorted()).toEqual(alerts.toSorted());
  });

  test('names are unique', () => {
    const names = rules.map((rule) => ('alert' in rule ? rule.alert : rule.record));
    expect(new Set(names).size).toBe(names.length);
  });
});
