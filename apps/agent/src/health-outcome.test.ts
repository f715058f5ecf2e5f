import type { NodeHealth } from '@brupop/agent-api';
import { describe, expect, test } from '@jest/globals';
import { healthOutcome } from './health-outcome.ts';

const of = (...names: readonly string[]): NodeHealth => ({
  healthy: names.length === 0,
  problems: names.map((name) => `Pod ${name}-x is not Ready`),
  daemon_sets: names.map((name) => ({ name, problem: `Pod ${name}-x is not Ready` })),
});

describe(healthOutcome, () => {
  test.each<{ name: string; health: NodeHealth; before?: readonly string[]; expected: ReturnType<typeof healthOutcome> }>([
    { name: 'a healthy node', health: of(), expected: { done: true, message: 'The node is healthy', unhealthy: [] } },
    {
      name: 'an unhealthy DaemonSet',
      health: of('a/b'),
      expected: { done: false, message: 'Pod a/b-x is not Ready', unhealthy: ['a/b'] },
    },
    {
      name: 'one that was unhealthy before is not held against the update',
      health: of('a/b'),
      before: ['a/b'],
      expected: {
        done: true,
        message: 'The node is healthy, apart from what was unhealthy before: Pod a/b-x is not Ready',
        unhealthy: ['a/b'],
      },
    },
    {
      name: 'one more is',
      health: of('a/b', 'a/c'),
      before: ['a/b'],
      expected: { done: false, message: 'Pod a/c-x is not Ready', unhealthy: ['a/b', 'a/c'] },
    },
    {
      name: 'the Node itself is, whatever was before',
      health: { ...of('a/b'), node_problem: 'Node is not Ready: KubeletDown' },
      before: ['a/b'],
      expected: { done: false, message: 'Node is not Ready: KubeletDown', unhealthy: ['a/b'] },
    },
    {
      name: 'of many only some are named',
      health: of('a/1', 'a/2', 'a/3', 'a/4', 'a/5'),
      expected: {
        done: false,
        message: 'Pod a/1-x is not Ready; Pod a/2-x is not Ready; Pod a/3-x is not Ready; and 2 more',
        unhealthy: ['a/1', 'a/2', 'a/3', 'a/4', 'a/5'],
      },
    },
    {
      name: 'an apiserver that does not name DaemonSets: nothing is excused',
      health: { healthy: false, problems: ['Pod a/b-x is not Ready'] },
      before: ['a/b'],
      expected: { done: false, message: 'Pod a/b-x is not Ready' },
    },
    {
      name: 'which may be healthy all the same',
      health: { healthy: true, problems: [] },
      expected: { done: true, message: 'The node is healthy' },
    },
  ])('$name', ({ health, before = [], expected }) => {
    expect(healthOutcome(health, before)).toEqual(expected);
  });

  test('a list that is full may hide what was not unhealthy before', () => {
    const names = Array.from({ length: 100 }, (_, at) => `a/${String(at)}`);
    expect(healthOutcome(of(...names), names)).toMatchObject({ done: false });
  });
});
