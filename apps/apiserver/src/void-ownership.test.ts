import { CORDONED_ANNOTATION } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { VoidOwnership } from './void-ownership.ts';

const node = (mark: string | undefined, unschedulable: boolean) => ({
  metadata: { annotations: mark === undefined ? {} : { [CORDONED_ANNOTATION]: mark } },
  spec: { unschedulable },
});

describe(VoidOwnership, () => {
  test.each([
    { name: 'knows none of a valid mark', seen: [node('a', true)], expected: undefined },
    { name: 'knows a void mark', seen: [node('a', true), node('a', false)], expected: { [CORDONED_ANNOTATION]: 'a' } },
    {
      name: 'knows it still when the node has been cordoned again',
      seen: [node('a', false), node('a', true)],
      expected: { [CORDONED_ANNOTATION]: 'a' },
    },
    { name: 'forgets it when it is gone', seen: [node('a', false), node(undefined, true)], expected: undefined },
    { name: 'forgets it when another has taken its place', seen: [node('a', false), node('b', true)], expected: undefined },
    { name: 'forgets it with the node', seen: [node('a', false), undefined], expected: undefined },
  ])('$name', ({ seen, expected }) => {
    const marks = new VoidOwnership();
    const told = seen.map((each) => marks.saw('node-1', each));
    expect(marks.of('node-1')).toEqual(expected);
    expect(told.at(-1)).toBe(expected !== undefined);
  });
});
