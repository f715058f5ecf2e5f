import { describe, expect, test } from '@jest/globals';
import { DRAIN_BLOCKS } from '@brupop/crd-models';
import { parseWindow } from '@brupop/state-machine';
import { readDocument } from './documents.ts';
import { METRICS, VARIABLES } from './processes.ts';

describe('docs/operations.md', () => {
  const page = readDocument('operations.md');

  test('names only metrics that exist', () => {
    const known = new Set(METRICS.flatMap(({ metrics }) => metrics).map(({ name }) => name));
    const named = [...page.matchAll(/\bbrupop_[a-z_]+/g)].map(([name]) => name.replace(/_(sum|count|bucket)$/, ''));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('names only variables that exist', () => {
    const known = new Set(Object.values(VARIABLES).flatMap((variables) => variables.map(({ env }) => env)));
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)[=`]/g)].map(([, name = '']) => name).filter((name) => name !== 'TOKEN_EXPIRED');
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('explains everything that may block a drain', () => {
    const section = page.slice(page.indexOf('### A blocked drain'), page.indexOf('## Alerts'));
    expect([...section.matchAll(/^\| `(\w+)`/gm)].map(([, reason]) => reason)).toEqual(DRAIN_BLOCKS);
  });

  test('distinguishes windows and triggers as the controller does', () => {
    const kindOf = (expression: string): string => {
      const parsed = parseWindow({ SCHEDULER_CRON_EXPRESSION: expression });
      if (!parsed.ok) return parsed.problems.join();
      return parsed.window.kind === 'cron' && parsed.window.trigger ? 'trigger' : 'window';
    };
    const rows = [...page.matchAll(/^\| (`[^|]*`) +\| (window|trigger) /gm)].map(([, expressions = '', kind = '']) => ({
      expressions,
      kind,
    }));
    expect(rows.length).toBeGreaterThan(5);
    for (const { expressions, kind } of rows) {
      for (const [, expression = ''] of expressions.matchAll(/`([^`]+)`/g))
        expect([expression, kindOf(expression)]).toEqual([expression, kind]);
    }
  });
});
