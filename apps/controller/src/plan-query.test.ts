import { describe, expect, test } from '@jest/globals';
import { parsePlanQuery } from './plan-query.ts';
import type { NodeView } from './plan-view.ts';

const views: readonly NodeView[] = [
  { node: 'a', next: 'wait', reason: 'NoFreeSlot', message: 'm' },
  { node: 'b', next: 'wait', reason: 'Stuck', message: 'm' },
  { node: 'c', next: 'step', reason: 'UpdateStarted', message: 'm' },
];

describe(parsePlanQuery, () => {
  test.each([
    { name: 'all nodes', query: {}, nodes: 'abc' },
    { name: 'one node', query: { node: 'b' }, nodes: 'b' },
    { name: 'an unknown node', query: { node: 'x' }, nodes: '' },
    { name: 'the nodes with a reason', query: { reason: 'UpdateStarted' }, nodes: 'c' },
    { name: 'a node and a reason that it does not have', query: { node: 'b', reason: 'NoFreeSlot' }, nodes: '' },
  ])('selects $name', ({ query, nodes }) => {
    const parsed = parsePlanQuery(query);
    expect(
      parsed.ok &&
        views
          .filter(parsed.wanted ?? (() => true))
          .map(({ node }) => node)
          .join(''),
    ).toBe(nodes);
  });

  test.each([
    { name: 'an unknown parameter', query: { nodes: 'a' }, problem: '"nodes": unknown parameter; expected node or reason' },
    { name: 'a parameter twice', query: { node: ['a', 'b'] }, problem: 'node: expected exactly one value' },
    { name: 'a parameter without a value', query: { reason: '' }, problem: 'reason: expected exactly one value' },
    { name: 'an unknown reason', query: { reason: 'toString' }, problem: 'got "toString"' },
  ])('refuses $name', ({ query, problem }) => {
    expect(parsePlanQuery(query)).toEqual({ ok: false, problems: [expect.stringContaining(problem)] });
  });

  test('lists each reason once, even one that holds and changes share', () => {
    const parsed = parsePlanQuery({ reason: 'x' });
    expect(parsed.ok ? [] : parsed.problems[0]?.match(/\bWindowClosed\b/g)).toHaveLength(1);
  });
});
