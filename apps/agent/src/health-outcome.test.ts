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
      name: 'a DaemonSet that was unhealthy before does not count',
      health: of('a/b'),
      before: ['a/b'],
      expected: {
        done: true,
        message: 'The node is healthy, apart from what was unhealthy before: Pod a/b-x is not Ready',
        unhealthy: ['a/b'],
      },
    },
    {
      name: 'another one counts',
      health: of('a/b', 'a/c'),
      before: ['a/b'],
      expected: { done: false, message: 'Pod a/c-x is not Ready', unhealthy: ['a/b', 'a/c'] },
    },
    {
      name: 'the Node itself counts, whatever was unhealthy before',
      health: { ...of('a/b'), node_problem: 'Node is not Ready: KubeletDown' },
      before: ['a/b'],
      expected: { done: false, message: 'Node is not Ready: KubeletDown', unhealthy: ['a/b'] },
    },
    {
      name: 'only some of many are named',
      health: of('a/1', 'a/2', 'a/3', 'a/4', 'a/5'),
      expected: {
        done: false,
        message: 'Pod a/1-x is not Ready; Pod a/2-x is not Ready; Pod a/3-x is not Ready; and 2 more',
        unhealthy: ['a/1', 'a/2', 'a/3', 'a/4', 'a/5'],
      },
    },
    {
      name: 'everything counts if the apiserver does not name DaemonSets',
      health: { healthy: false, problems: ['Pod a/b-x is not Ready'] },
      before: ['a/b'],
      expected: { done: false, message: 'Pod a/b-x is not Ready' },
    },
    {
      name: 'a healthy node if the apiserver does not name DaemonSets',
      health: { healthy: true, problems: [] },
      expected: { done: true, message: 'The node is healthy' },
    },
  ])('$name', ({ health, before = [], expected }) => {
    expect(healthOutcome(health, before)).toEqual(expected);
  });

  test('a full list may omit a newly unhealthy DaemonSet', () => {
    const names = Array.from({ length: 100 }, (_, at) => `a/${String(at)}`);
    expect(healthOutcome(of(...names), names)).toMatchObject({ done: false });
  });
});
