import { describe, expect, test } from '@jest/globals';
import { hasVoidOwnership, isOwned, ownershipState } from './ownership.ts';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION } from './names.ts';

const cordonMark = { [CORDONED_ANNOTATION]: '{}' };
const lbMark = { [EXCLUDED_FROM_LB_ANNOTATION]: '{}' };
const label = (value: string) => ({ [EXCLUDE_FROM_LB_LABEL]: value });

describe('a node', () => {
  test.each([
    { name: 'without annotations', annotations: {}, labels: {}, cordoned: false, expected: ['absent', 'absent', false, false] },
    {
      name: 'that others cordoned and excluded',
      annotations: {},
      labels: label('True'),
      cordoned: true,
      expected: ['absent', 'absent', false, false],
    },
    {
      name: 'that is cordoned and owned',
      annotations: cordonMark,
      labels: {},
      cordoned: true,
      expected: ['valid', 'absent', true, false],
    },
    {
      name: 'that is excluded and owned',
      annotations: lbMark,
      labels: label('True'),
      cordoned: false,
      expected: ['absent', 'valid', true, false],
    },
    {
      name: 'whose label has another value',
      annotations: lbMark,
      labels: label(''),
      cordoned: false,
      expected: ['absent', 'valid', true, false],
    },
    {
      name: 'that has the annotation but is schedulable',
      annotations: cordonMark,
      labels: label('True'),
      cordoned: false,
      expected: ['void', 'absent', false, true],
    },
    {
      name: 'that has the annotation but not the label',
      annotations: lbMark,
      labels: {},
      cordoned: true,
      expected: ['absent', 'void', false, true],
    },
    {
      name: 'with one annotation of each kind',
      annotations: { ...cordonMark, ...lbMark },
      labels: {},
      cordoned: true,
      expected: ['valid', 'void', true, true],
    },
  ])('$name', ({ annotations, labels, cordoned, expected }) => {
    const node = { metadata: { annotations, labels }, spec: { unschedulable: cordoned } };
    const states = [ownershipState(node, CORDONED_ANNOTATION), ownershipState(node, EXCLUDED_FROM_LB_ANNOTATION)];
    expect([...states, isOwned(node), hasVoidOwnership(node)]).toEqual(expected);
  });

  test('without labels, annotations and spec is not owned', () => {
    expect([isOwned({ metadata: {} }), hasVoidOwnership({ metadata: {} })]).toEqual([false, false]);
  });
});
