import type { BottlerocketShadow } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aNode, aShadow } from './fleet.fixture.ts';
import { pairShadows } from './pair-shadows.ts';

/** A shadow of this node under another name. */
const aNamesake = (node: string, name: string): BottlerocketShadow => {
  const shadow = aShadow(node);
  return { ...shadow, metadata: { ...shadow.metadata, name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: '' }] } };
};
const unowned: BottlerocketShadow = { ...aShadow('a'), metadata: { name: 'mine' } };

function pairs(nodes: readonly string[], shadows: readonly BottlerocketShadow[]): { byNode: unknown[]; orphans: unknown[] } {
  const { byNode, orphans } = pairShadows(
    nodes.map((name) => aNode(name)),
    shadows,
  );
  return { byNode: byNode.map((shadow) => shadow?.metadata.name), orphans: orphans.map(({ metadata }) => metadata.name) };
}

describe(pairShadows, () => {
  test.each([
    { name: 'every node has its own', shadows: ['a', 'b', 'c'].map((name) => aShadow(name)), byNode: ['brs-a', 'brs-b', 'brs-c'] },
    { name: 'some nodes have none', shadows: [aShadow('b')], byNode: [undefined, 'brs-b', undefined] },
    { name: 'there are none', shadows: [], byNode: [undefined, undefined, undefined] },
    { name: 'the order does not count', shadows: [aShadow('c'), aShadow('a')], byNode: ['brs-a', undefined, 'brs-c'] },
    {
      name: 'the owner counts, not the name',
      shadows: [aShadow('a'), aNamesake('b', 'brs-x')],
      byNode: ['brs-a', 'brs-x', undefined],
    },
    {
      name: 'of two the one with the right name counts, if it comes first',
      shadows: [aShadow('b'), aNamesake('b', 'brs-x')],
      byNode: [undefined, 'brs-b', undefined],
    },
    {
      name: 'of two the one with the right name counts, if it comes last',
      shadows: [aNamesake('b', 'brs-0'), aShadow('b')],
      byNode: [undefined, 'brs-b', undefined],
    },
    {
      name: 'of two without it the first',
      shadows: [aNamesake('b', 'brs-y'), aNamesake('b', 'brs-x')],
      byNode: [undefined, 'brs-y', undefined],
    },
    {
      name: 'one whose node was deleted is an orphan',
      shadows: [aShadow('a'), aShadow('aa'), aShadow('b')],
      byNode: ['brs-a', 'brs-b', undefined],
      orphans: ['brs-aa'],
    },
    { name: 'a shadow without a node is ignored', shadows: [unowned, aShadow('c')], byNode: [undefined, undefined, 'brs-c'] },
  ])('$name', ({ shadows, byNode, orphans = [] }) => {
    expect(pairs(['a', 'b', 'c'], shadows)).toEqual({ byNode, orphans });
  });

  test('finds the same in any order of the shadows', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(names, names, names, (nodes, owners, shuffled) => {
        const inOrder = nodes.filter((name) => owners.includes(name)).concat(owners.filter((name) => !nodes.includes(name)));
        const mixed = [...inOrder].sort((a, b) => shuffled.indexOf(a) - shuffled.indexOf(b));
        const [found, expected] = [mixed, inOrder].map((order) =>
          pairs(
            nodes,
            order.map((name) => aShadow(name)),
          ),
        );
        expect(found?.byNode).toEqual(expected?.byNode);
        expect(new Set(found?.orphans)).toEqual(new Set(expected?.orphans));
      }),
    );
  });
});
