import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nodeNameOf, shadowName } from './names.ts';

// What kube-apiserver accepts as the name of an object.
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

describe('lessons §6.4: the name of a shadow', () => {
  test.each([
    { name: 'is that of its node after brs-', node: 'ip-10-0-0-1.ec2.internal', shadow: 'brs-ip-10-0-0-1.ec2.internal' },
    { name: 'is so up to the longest that fits', node: 'n'.repeat(249), shadow: `brs-${'n'.repeat(249)}` },
    { name: 'is shortened with a hash beyond that', node: 'n'.repeat(250), shadow: `brs--0cc2566b9cafe80d-${'n'.repeat(231)}` },
    {
      name: 'does not end where a label may not end',
      node: `${'n'.repeat(230)}.-${'n'.repeat(21)}`,
      shadow: `brs--facd1f774663e6be-${'n'.repeat(230)}`,
    },
  ])('$name', ({ node, shadow }) => {
    expect(shadowName(node)).toBe(shadow);
  });

  test('differs for long names that differ in their last letter only', () => {
    expect(shadowName(`${'n'.repeat(252)}a`)).not.toBe(shadowName(`${'n'.repeat(252)}b`));
  });

  test('is valid in Kubernetes, and leads back to its node or nowhere, for every name of a node', () => {
    const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,120}[a-z0-9])?$/);
    const nodes = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) =>
      labels
        .join('.')
        .slice(0, 253)
        .replace(/[-.]+$/, ''),
    );
    fc.assert(
      fc.property(nodes, (node) => {
        const name = shadowName(node);
        expect(name.length).toBeLessThanOrEqual(253);
        expect(name).toMatch(SUBDOMAIN);
        expect([node, undefined]).toContain(nodeNameOf({ metadata: { name } }));
        expect(nodeNameOf({ metadata: { name, ownerReferences: [{ kind: 'Node', name: node }] } })).toBe(node);
      }),
    );
  });
});

describe(nodeNameOf, () => {
  test.each([
    { name: 'the owner counts', metadata: { name: 'brs-a', ownerReferences: [{ kind: 'Node', name: 'b' }] }, node: 'b' },
    { name: 'owners of other kinds do not', metadata: { name: 'brs-a', ownerReferences: [{ kind: 'Pod', name: 'b' }] }, node: 'a' },
    { name: 'without an owner the name decides', metadata: { name: 'brs-a' }, node: 'a' },
    { name: 'a shortened name leads to no node', metadata: { name: shadowName('n'.repeat(253)) }, node: undefined },
    { name: 'a foreign name leads to no node', metadata: { name: 'a' }, node: undefined },
  ])('$name', ({ metadata, node }) => {
    expect(nodeNameOf({ metadata })).toBe(node);
  });
});
