import { CORDONED_ANNOTATION } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { VoidOwnership } from './void-ownership.ts';

const node = (annotation: string | undefined, unschedulable: boolean) => ({
  metadata: { annotations: annotation === undefined ? {} : { [CORDONED_ANNOTATION]: annotation } },
  spec: { unschedulable },
});

describe(VoidOwnership, () => {
  test.each([
    { name: 'ignores a valid annotation', seen: [node('a', true)], expected: undefined },
    { name: 'records a void annotation', seen: [node('a', true), node('a', false)], expected: { [CORDONED_ANNOTATION]: 'a' } },
    {
      name: 'keeps it when the node is cordoned again',
      seen: [node('a', false), node('a', true)],
      expected: { [CORDONED_ANNOTATION]: 'a' },
    },
    { name: 'forgets it when it is removed', seen: [node('a', false), node(undefined, true)], expected: undefined },
    { name: 'forgets it when another annotation replaces it', seen: [node('a', false), node('b', true)], expected: undefined },
    { name: 'forgets it with the node', seen: [node('a', false), undefined], expected: undefined },
  ])('$name', ({ seen, expected }) => {
    const ownership = new VoidOwnership();
    const results = seen.map((each) => ownership.observe('node-1', each));
    expect(ownership.of('node-1')).toEqual(expected);
    expect(results.at(-1)).toBe(expected !== undefined);
  });
});
