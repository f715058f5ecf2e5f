import { CORDONED_ANNOTATION } from '@brupop/crd-models';
import type { KubeObject } from '@brupop/simulator';
import { describe, expect, test } from '@jest/globals';
import { unboundedIn } from './bounds.ts';

const anObject = (kind: string, more: object, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '', annotations },
  ...more,
});

describe(unboundedIn, () => {
  test.each([
    { name: 'an ordinary shadow', object: anObject('BottlerocketShadow', { status: { failure_message: 'x' } }), expected: [] },
    {
      name: 'a long text deep in a status',
      object: anObject('BottlerocketShadow', { status: { conditions: [{ message: 'x'.repeat(5_000) }] } }),
      expected: ['a text of 5000 characters'],
    },
    {
      name: 'a status of many texts',
      object: anObject('BottlerocketShadow', { status: { list: Array.from({ length: 100 }, () => 'x'.repeat(400)) } }),
      expected: ['a status of 40310 bytes'],
    },
    {
      name: 'a long annotation of ours',
      object: anObject('Node', {}, { [CORDONED_ANNOTATION]: 'x'.repeat(5_000) }),
      expected: ['a text of 5000 characters'],
    },
    { name: 'a long annotation of others', object: anObject('Node', {}, { 'example.com/a': 'x'.repeat(5_000) }), expected: [] },
    { name: 'a long Event', object: anObject('Event', { note: 'x'.repeat(5_000) }), expected: ['a text of 5000 characters'] },
  ])('finds in $name: $expected', ({ object, expected }) => {
    expect(unboundedIn(object)).toEqual(expected);
  });
});
