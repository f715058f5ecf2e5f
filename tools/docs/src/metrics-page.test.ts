import { describe, expect, test } from '@jest/globals';
import type { MetricDefinition } from '@brupop/process';
import { metricsPage } from './metrics-page.ts';
import { METRICS } from './processes.ts';

const rowsOf = (metric: MetricDefinition, leaderOnly: readonly string[] = []): string[] =>
  metricsPage([{ title: 'Controller', metrics: [metric], leaderOnly }])
    .split('\n')
    .filter((line) => line.startsWith('| `'));

describe(metricsPage, () => {
  test.each<{ name: string; labels: NonNullable<MetricDefinition['labels']>; cell: string }>([
    { name: 'no labels', labels: {}, cell: '' },
    { name: 'known values', labels: { reason: ['a', 'b'] }, cell: '`reason`: `a`, `b`' },
    {
      name: 'the first of many values',
      labels: { reason: 'a b c d e f g h'.split(' ') },
      cell: '`reason`: `a`, `b`, `c`, `d`, `e`, `f`, …',
    },
    { name: 'arbitrary values', labels: { a: ['x'], version: 'a version' }, cell: '`a`: `x`; `version`: a version' },
  ])('lists $name', ({ labels, cell }) => {
    const [row = ''] = rowsOf({ type: 'gauge', name: 'brupop_x', help: 'How many', labels });
    expect(row.split(' | ').map((part) => part.replace(/^\| | \|$/g, '').trim())).toEqual(['`brupop_x`', 'gauge', 'How many.', cell]);
  });

  test('marks what only a leader exposes', () => {
    expect(rowsOf({ type: 'gauge', name: 'brupop_x', help: 'h' }, ['brupop_x'])).toEqual([expect.stringContaining('`brupop_x` ¹')]);
  });
});

describe('the metrics', () => {
  const all = METRICS.flatMap(({ metrics }) => metrics);
  // Users know these names.
  const KEPT = /^(target_info|otel_scope_info|http_server_\w+)$/;

  test.each(METRICS)('$title: lists no metric twice', ({ metrics }) => {
    const names = metrics.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  // https://prometheus.io/docs/practices/naming/
  test.each(all.map((metric) => [metric.name, metric] as const))('%s follows the naming rules of Prometheus', (name, { type, help }) => {
    expect(help).toMatch(/^[A-Z].*[^.]$/);
    if (KEPT.test(name)) return;
    expect(name).toMatch(/^brupop_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
  });
});
