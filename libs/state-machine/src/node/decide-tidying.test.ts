import { describe, expect, test } from '@jest/globals';
import { decideTidying } from './decide-tidying.ts';
import type { NodeToTidy, TidyNode } from './decide-tidying.ts';

const node = (changes: Partial<TidyNode<string>> = {}): TidyNode<string> => ({
  name: 'a',
  managed: true,
  cordoned: false,
  tainted: false,
  ...changes,
});

describe(decideTidying, () => {
  test.each<{ name: string; nodes: readonly TidyNode<string>[]; due: readonly NodeToTidy<string>[] }>([
    { name: 'a node without traces', nodes: [node()], due: [] },
    { name: 'a cordoned node with the taint', nodes: [node({ cordoned: true, tainted: true })], due: [] },
    { name: 'a cordoned node without the taint', nodes: [node({ cordoned: true })], due: [{ name: 'a', tainted: true }] },
    { name: 'a node with the taint that is not cordoned', nodes: [node({ tainted: true })], due: [{ name: 'a', tainted: false }] },
    {
      name: 'an unmanaged cordoned node beside a managed node',
      nodes: [node({ managed: false, cordoned: true }), node({ name: 'b' })],
      due: [{ name: 'a', tainted: true }],
    },
    {
      name: 'a cordoned node with the taint once no node is managed',
      nodes: [node({ managed: false, cordoned: true, tainted: true })],
      due: [{ name: 'a', tainted: false }],
    },
    { name: 'a void annotation', nodes: [node({ voided: 'v' })], due: [{ name: 'a', tainted: false, voided: 'v' }] },
    {
      name: 'a void annotation on a cordoned node with the taint',
      nodes: [node({ cordoned: true, tainted: true, voided: 'v' })],
      due: [{ name: 'a', tainted: true, voided: 'v' }],
    },
  ])('$name', ({ nodes, due }) => {
    expect(decideTidying(nodes)).toEqual(due);
  });
});
