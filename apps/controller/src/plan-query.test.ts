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
    { name: 'a node that there is not', query: { node: 'x' }, nodes: '' },
    { name: 'the nodes of a reason', query: { reason: 'UpdateStarted' }, nodes: 'c' },
    { name: 'a node if it has a reason', query: { node: 'b', reason: 'NoFreeSlot' }, nodes: '' },
  ])('asks for $name', ({ query, nodes }) => {
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
    { name: 'a parameter that there is not', query: { nodes: 'a' }, problem: '"nodes": expected no other parameter than node and reason' },
    { name: 'a parameter twice', query: { node: ['a', 'b'] }, problem: 'node: expected one value' },
    { name: 'a parameter without a value', query: { reason: '' }, problem: 'reason: expected one value' },
    { name: 'a reason that there is not', query: { reason: 'toString' }, problem: 'got "toString"' },
  ])('refuses $name', ({ query, problem }) => {
    expect(parsePlanQuery(query)).toEqual({ ok: false, problems: [expect.stringContaining(problem)] });
  });

  test('names each reason once, also one that holds and changes share', () => {
    const parsed = parsePlanQuery({ reason: 'x' });
    expect(parsed.ok ? [] : parsed.problems[0]?.match(/\bWindowClosed\b/g)).toHaveLength(1);
  });
});
