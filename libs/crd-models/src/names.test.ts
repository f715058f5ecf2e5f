import { describe, expect, test } from '@jest/globals';
import { nodeNameOf, shadowName } from './names.ts';

describe(shadowName, () => {
  test.each([
    { name: 'a node gives its shadow its name', node: 'ip-10-0-0-1.ec2.internal', shadow: 'brs-ip-10-0-0-1.ec2.internal' },
    { name: 'the name of a shadow is never longer than Kubernetes admits', node: 'n'.repeat(253), shadow: `brs-${'n'.repeat(249)}` },
  ])('$name', ({ node, shadow }) => {
    expect(shadowName(node)).toBe(shadow);
  });
});

describe(nodeNameOf, () => {
  test.each([
    { name: 'the owner counts', metadata: { name: 'brs-a', ownerReferences: [{ kind: 'Node', name: 'b' }] }, node: 'b' },
    { name: 'owners of other kinds do not', metadata: { name: 'brs-a', ownerReferences: [{ kind: 'Pod', name: 'b' }] }, node: 'a' },
    { name: 'without an owner the name tells', metadata: { name: 'brs-a' }, node: 'a' },
    { name: 'a foreign name tells nothing', metadata: { name: 'a' }, node: undefined },
  ])('$name', ({ metadata, node }) => {
    expect(nodeNameOf({ metadata })).toBe(node);
  });
});
