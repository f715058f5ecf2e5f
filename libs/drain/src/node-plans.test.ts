import { describe, expect, test } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL, type KubeNode, type Taint } from '@brupop/kube-objects';
import {
  isCordonRecorded,
  planAdoption,
  planCordon,
  planExclusion,
  planInclusion,
  planRestore,
  planTidy,
  planUncordon,
} from './node-plans.ts';
import { parseOwnership } from './ownership.ts';

const CORDONED_ANNOTATION = 'example.com/cordoned';
const EXCLUDED_FROM_LB_ANNOTATION = 'example.com/excluded';
const CORDONED_TAINT = 'example.com/tainted';
const NAMES = { cordonAnnotation: CORDONED_ANNOTATION, exclusionAnnotation: EXCLUDED_FROM_LB_ANNOTATION, cordonTaint: CORDONED_TAINT };

const NOW = '2026-01-05T12:00:00.000Z';
const BEFORE = '2026-01-05T11:00:00.000Z';
const mark = (prior: string | null, since = BEFORE): string => JSON.stringify({ since, prior });
const cordonMark = (prior: string | null, since = BEFORE): string => JSON.stringify({ since, prior, last: ['then'] });
const OUR_TAINT: Taint = { key: CORDONED_TAINT, effect: 'PreferNoSchedule' };
const OTHER_TAINT: Taint = { key: 'dedicated', effect: 'NoSchedule' };

interface Given {
  readonly cordoned?: boolean;
  readonly cordonMark?: string;
  readonly taints?: readonly Taint[];
  readonly label?: string;
  readonly labelMark?: string;
}

function aNode({ cordoned, cordonMark, taints, label, labelMark }: Given = {}): KubeNode {
  return {
    metadata: {
      name: 'node-1',
      labels: label === undefined ? {} : { [EXCLUDE_FROM_LB_LABEL]: label },
      annotations: {
        ...(cordonMark === undefined ? {} : { [CORDONED_ANNOTATION]: cordonMark }),
        ...(labelMark === undefined ? {} : { [EXCLUDED_FROM_LB_ANNOTATION]: labelMark }),
      },
    },
    spec: { ...(cordoned === undefined ? {} : { unschedulable: cordoned }), ...(taints === undefined ? {} : { taints }) },
  };
}

describe(planCordon, () => {
  const ours = { cordoned: true, cordonMark: cordonMark(null), taints: [OUR_TAINT] };
  const now = ['now'];
  test.each([
    { name: 'cordons a schedulable node and adds the annotation', node: aNode(), prior: null, since: NOW, last: now, patched: true },
    {
      name: "records an administrator's cordon as prior",
      node: aNode({ cordoned: true }),
      prior: 'true',
      since: NOW,
      last: now,
      patched: true,
    },
    { name: 'does nothing twice', node: aNode(ours), prior: null, since: BEFORE, last: ['then'], patched: false },
    {
      name: 'cordons a node again that was uncordoned despite its annotation',
      node: aNode({ ...ours, cordoned: false, cordonMark: cordonMark('true') }),
      prior: null,
      since: NOW,
      last: now,
      patched: true,
    },
    {
      name: 'restores a taint that another client removed',
      node: aNode({ ...ours, taints: [] }),
      prior: null,
      since: BEFORE,
      last: ['then'],
      patched: true,
    },
    {
      name: 'records the pods on a node that an earlier version cordoned without recording them',
      node: aNode({ ...ours, cordonMark: mark('true') }),
      prior: 'true',
      since: BEFORE,
      last: now,
      patched: true,
    },
    {
      name: 'replaces an annotation that a wrong clock has put into the far future',
      node: aNode({ ...ours, cordonMark: cordonMark('true', '2027-01-05T12:00:00.000Z') }),
      prior: 'true',
      since: NOW,
      last: ['then'],
      patched: true,
    },
    {
      name: 'keeps an annotation of a clock that is slightly ahead',
      node: aNode({ ...ours, cordonMark: cordonMark(null, '2026-01-05T12:59:00.000Z') }),
      prior: null,
      since: '2026-01-05T12:59:00.000Z',
      last: ['then'],
      patched: false,
    },
    {
      name: 'treats an unreadable annotation as owned',
      node: aNode({ ...ours, cordonMark: '{' }),
      prior: null,
      since: NOW,
      last: now,
      patched: true,
    },
  ])('$name', ({ node, prior, since, last, patched }) => {
    const { patch, owned } = planCordon(node, NAMES, NOW, now);
    expect(owned).toEqual({ since, prior, last });
    const annotations = { [CORDONED_ANNOTATION]: JSON.stringify({ since, prior, last }) };
    expect(patch).toEqual(patched ? { metadata: { annotations }, spec: { unschedulable: true, taints: [OUR_TAINT] } } : undefined);
  });

  test('keeps the taints of others', () => {
    expect(planCordon(aNode({ taints: [OTHER_TAINT] }), NAMES, NOW).patch?.spec?.taints).toEqual([OTHER_TAINT, OUR_TAINT]);
  });
});

describe('the pods that ignore cordons, in the annotation of a cordon', () => {
  const ownedCordonNode = (present?: readonly string[], volumes?: true): KubeNode =>
    aNode({
      cordoned: true,
      taints: [OUR_TAINT],
      cordonMark: JSON.stringify({ since: BEFORE, prior: null, last: [], ...(present === undefined ? {} : { present }), volumes }),
    });
  test.each([
    { name: 'are recorded with the cordon', node: aNode(), seen: ['a'], present: ['a'], patched: true },
    { name: 'are recorded even if there are none', node: aNode(), seen: [], present: [], patched: true },
    { name: 'are added to the annotation of an earlier version', node: ownedCordonNode(), seen: ['a'], present: ['a'], patched: true },
    { name: 'stay as they were', node: ownedCordonNode(['then']), seen: ['a'], present: ['then'], patched: false },
    { name: 'are left out if they were not listed', node: ownedCordonNode(), seen: undefined, present: undefined, patched: false },
    {
      name: 'are kept when an annotation from the far future is replaced',
      node: aNode({ cordoned: true, cordonMark: JSON.stringify({ since: '2027-01-05T12:00:00.000Z', prior: null, present: ['then'] }) }),
      seen: ['a'],
      present: ['then'],
      patched: true,
    },
  ])('$name', ({ node, seen, present, patched }) => {
    const { owned, patch } = planCordon(node, NAMES, NOW, [], seen === undefined ? undefined : { presentUids: seen, usesVolumes: false });
    expect([owned?.present, patch !== undefined]).toEqual([present, patched]);
    if (patch !== undefined) expect(parseOwnership(patch.metadata.annotations?.[CORDONED_ANNOTATION] ?? '')?.present).toEqual(present);
  });

  test.each([
    { name: 'are recorded if they use volumes', node: aNode(), usesVolumes: true, expected: true },
    { name: 'are not recorded if they use no volumes', node: aNode(), usesVolumes: false, expected: undefined },
    { name: 'stay recorded', node: ownedCordonNode([], true), usesVolumes: false, expected: true },
    { name: 'stay unrecorded', node: ownedCordonNode([]), usesVolumes: true, expected: undefined },
  ])('$name', ({ node, usesVolumes, expected }) => {
    const { owned, patch } = planCordon(node, NAMES, NOW, [], { presentUids: [], usesVolumes });
    expect(owned?.volumes).toBe(expected);
    if (patch !== undefined) expect(parseOwnership(patch.metadata.annotations?.[CORDONED_ANNOTATION] ?? '')?.volumes).toBe(expected);
  });

  test.each([
    { name: 'of an owned node', node: ownedCordonNode(['a']), expected: true },
    { name: 'of an owned node without such pods', node: ownedCordonNode([]), expected: true },
    { name: 'not of a node that an earlier version cordoned', node: ownedCordonNode(), expected: false },
    { name: 'not of a node that has been uncordoned since', node: { ...ownedCordonNode([]), spec: {} }, expected: false },
    { name: 'not of a node without the annotation', node: aNode({ cordoned: true }), expected: false },
  ])('are known $name', ({ node, expected }) => {
    expect(isCordonRecorded(node, NAMES)).toBe(expected);
  });
});

describe(planUncordon, () => {
  const unmark = { metadata: { annotations: { [CORDONED_ANNOTATION]: null } } };
  test.each([
    {
      name: "removes the operator's own cordon",
      node: aNode({ cordoned: true, cordonMark: mark(null), taints: [OUR_TAINT] }),
      patch: { ...unmark, spec: { unschedulable: null, taints: null } },
      kept: false,
    },
    {
      name: 'removes the cordon of an earlier version, which set no taint',
      node: aNode({ cordoned: true, cordonMark: mark(null) }),
      patch: { ...unmark, spec: { unschedulable: null } },
      kept: false,
    },
    {
      name: 'keeps the taints of others',
      node: aNode({ cordoned: true, cordonMark: mark(null), taints: [OUR_TAINT, OTHER_TAINT] }),
      patch: { ...unmark, spec: { unschedulable: null, taints: [OTHER_TAINT] } },
      kept: false,
    },
    { name: "leaves an administrator's cordon", node: aNode({ cordoned: true, taints: [OTHER_TAINT] }), patch: undefined, kept: true },
    {
      name: "keeps a cordon that existed before the operator's",
      node: aNode({ cordoned: true, cordonMark: mark('true'), taints: [OUR_TAINT] }),
      patch: unmark,
      kept: true,
    },
    {
      name: 'only removes the annotation of a node that another client uncordoned',
      node: aNode({ cordonMark: mark(null) }),
      patch: unmark,
      kept: false,
    },
    {
      name: 'leaves no taint on a node whose administrator has uncordoned it meanwhile',
      node: aNode({ cordonMark: mark('true'), taints: [OUR_TAINT] }),
      patch: { ...unmark, spec: { taints: null } },
      kept: false,
    },
    { name: 'does nothing to a node that is not cordoned', node: aNode(), patch: undefined, kept: false },
  ])('$name', ({ node, patch, kept }) => {
    expect(planUncordon(node, NAMES)).toEqual({ ...(patch === undefined ? {} : { patch }), keptByOther: kept });
  });
});

describe(planTidy, () => {
  test.each([
    {
      name: 'taints a cordoned node',
      node: aNode({ cordoned: true, taints: [OTHER_TAINT] }),
      tainted: true,
      taints: [OTHER_TAINT, OUR_TAINT],
    },
    { name: 'leaves a taint that is there', node: aNode({ cordoned: true, taints: [OUR_TAINT] }), tainted: true, taints: undefined },
    { name: 'removes the taint with the cordon', node: aNode({ taints: [OUR_TAINT, OTHER_TAINT] }), tainted: true, taints: [OTHER_TAINT] },
    {
      name: 'removes the taint if the operator sets none',
      node: aNode({ cordoned: true, taints: [OUR_TAINT] }),
      tainted: false,
      taints: null,
    },
    { name: 'does not add the taint if the operator sets none', node: aNode({ cordoned: true }), tainted: false, taints: undefined },
    { name: 'does not taint a schedulable node', node: aNode(), tainted: true, taints: undefined },
  ])('$name', ({ node, tainted, taints }) => {
    expect(planTidy(node, NAMES, { tainted }).patch?.spec?.taints).toEqual(taints);
  });

  const all = { [CORDONED_ANNOTATION]: null, [EXCLUDED_FROM_LB_ANNOTATION]: null };
  const ownedNode = aNode({ cordoned: true, cordonMark: mark(null), taints: [OUR_TAINT], label: 'True', labelMark: mark(null) });
  test.each([
    { name: 'keeps valid annotations', node: ownedNode, voided: undefined, patch: undefined },
    {
      name: 'removes annotations and taint of a node that an administrator uncordoned and included',
      node: aNode({ cordonMark: mark(null), taints: [OUR_TAINT], labelMark: mark(null) }),
      voided: undefined,
      patch: { metadata: { annotations: all }, spec: { taints: null } },
    },
    {
      name: 'removes only the annotation of a node that was cordoned again after its annotation became void',
      node: ownedNode,
      voided: { [CORDONED_ANNOTATION]: mark(null) },
      patch: { metadata: { annotations: { [CORDONED_ANNOTATION]: null } } },
    },
    {
      name: 'keeps the new annotation of an update that has cordoned the node again',
      node: ownedNode,
      voided: { [CORDONED_ANNOTATION]: mark(null, NOW) },
      patch: undefined,
    },
    {
      name: 'does nothing to a node whose void annotation is gone',
      node: aNode(),
      voided: { [CORDONED_ANNOTATION]: mark(null) },
      patch: undefined,
    },
  ])('$name', ({ node, voided, patch }) => {
    expect(planTidy(node, NAMES, { tainted: true, ...(voided === undefined ? {} : { voided }) }).patch).toEqual(patch);
  });
});

describe(planExclusion, () => {
  test.each([
    { name: 'adds label and annotation to a node', node: aNode(), prior: null, labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' } },
    { name: "keeps an administrator's label and records it as prior", node: aNode({ label: 'yes' }), prior: 'yes', labels: undefined },
    {
      name: 'labels a node again whose label was removed despite its annotation',
      node: aNode({ labelMark: mark('yes') }),
      prior: null,
      labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' },
    },
  ])('$name', ({ node, prior, labels }) => {
    const annotations = { [EXCLUDED_FROM_LB_ANNOTATION]: mark(prior, NOW) };
    expect(planExclusion(node, NAMES, NOW).patch).toEqual({ metadata: { ...(labels === undefined ? {} : { labels }), annotations } });
  });

  test('changes nothing the second time, and returns the time of the first', () => {
    expect(planExclusion(aNode({ label: 'True', labelMark: mark(null) }), NAMES, NOW)).toEqual({
      owned: { since: BEFORE, prior: null },
      keptByOther: false,
    });
  });
});

describe(planInclusion, () => {
  const annotations = { [EXCLUDED_FROM_LB_ANNOTATION]: null };
  const unmark = { metadata: { annotations } };
  test.each([
    {
      name: "removes the operator's own label",
      node: aNode({ label: 'True', labelMark: mark(null) }),
      patch: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null }, annotations } },
      kept: false,
    },
    { name: "leaves an administrator's label", node: aNode({ label: 'True' }), patch: undefined, kept: true },
    {
      name: "keeps a label that existed before the operator's",
      node: aNode({ label: 'True', labelMark: mark('True') }),
      patch: unmark,
      kept: true,
    },
    {
      name: 'leaves a label that another client has changed since',
      node: aNode({ label: 'mine', labelMark: mark(null) }),
      patch: unmark,
      kept: true,
    },
    { name: 'removes only the annotation if the label is gone', node: aNode({ labelMark: mark(null) }), patch: unmark, kept: false },
    { name: 'does nothing without label and annotation', node: aNode(), patch: undefined, kept: false },
  ])('$name', ({ node, patch, kept }) => {
    expect(planInclusion(node, NAMES)).toEqual({ ...(patch === undefined ? {} : { patch }), keptByOther: kept });
  });
});

describe(planRestore, () => {
  const annotations = { [CORDONED_ANNOTATION]: null, [EXCLUDED_FROM_LB_ANNOTATION]: null };
  const uncordoned = { unschedulable: null, taints: null };
  test.each([
    {
      name: 'undoes cordon and exclusion in one patch',
      node: aNode({ cordoned: true, cordonMark: cordonMark(null), taints: [OUR_TAINT], label: 'True', labelMark: mark(null) }),
      patch: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null }, annotations }, spec: uncordoned },
      kept: false,
    },
    {
      name: 'undoes a cordon alone',
      node: aNode({ cordoned: true, cordonMark: cordonMark(null), taints: [OUR_TAINT] }),
      patch: { metadata: { annotations: { [CORDONED_ANNOTATION]: null } }, spec: uncordoned },
      kept: false,
    },
    {
      name: "undoes an exclusion alone, and leaves an administrator's cordon",
      node: aNode({ cordoned: true, label: 'True', labelMark: mark(null) }),
      patch: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null }, annotations: { [EXCLUDED_FROM_LB_ANNOTATION]: null } } },
      kept: true,
    },
    {
      name: "keeps what existed before the operator's changes",
      node: aNode({ cordoned: true, cordonMark: cordonMark('true'), label: 'True', labelMark: mark('True') }),
      patch: { metadata: { annotations } },
      kept: true,
    },
    { name: 'does nothing if nothing is owned', node: aNode(), patch: undefined, kept: false },
  ])('$name', ({ node, patch, kept }) => {
    expect(planRestore(node, NAMES)).toEqual({ ...(patch === undefined ? {} : { patch }), keptByOther: kept });
  });
});

describe(planAdoption, () => {
  test.each([
    { name: 'takes ownership of a cordon without annotation', node: aNode({ cordoned: true }), marks: [CORDONED_ANNOTATION] },
    {
      name: 'takes ownership of an exclusion without annotation that has the value of the operator',
      node: aNode({ label: 'True' }),
      marks: [EXCLUDED_FROM_LB_ANNOTATION],
    },
    { name: 'leaves an exclusion of another value', node: aNode({ label: 'true' }), marks: [] },
    {
      name: 'does not change what is owned',
      node: aNode({ cordoned: true, cordonMark: mark('true'), label: 'True', labelMark: mark(null) }),
      marks: [],
    },
    { name: 'leaves a node that is neither cordoned nor excluded', node: aNode(), marks: [] },
  ])('$name', ({ node, marks }) => {
    expect(Object.keys(planAdoption(node, NAMES, NOW).patch?.metadata.annotations ?? {})).toEqual(marks);
  });

  test('writes nothing where there is nothing to adopt', () => {
    expect(planAdoption(aNode(), NAMES, NOW)).toEqual({ keptByOther: false });
  });
});

describe(parseOwnership, () => {
  test.each([
    { name: 'reads what we wrote', text: mark('x'), expected: { since: BEFORE, prior: 'x' } },
    {
      name: 'reads which pods were there',
      text: JSON.stringify({ since: BEFORE, prior: null, last: ['a', 7, 'b'] }),
      expected: { since: BEFORE, prior: null, last: ['a', 'b'] },
    },
    {
      name: 'reads which pods were there that ignore cordons',
      text: JSON.stringify({ since: BEFORE, prior: null, present: ['a', 7, 'b'] }),
      expected: { since: BEFORE, prior: null, present: ['a', 'b'] },
    },
    { name: 'finds none', text: undefined, expected: undefined },
    { name: 'survives something that is not JSON', text: 'true', expected: { prior: null } },
    { name: 'survives JSON of another shape', text: '{"since":"yesterday","prior":7}', expected: { prior: null } },
    { name: 'survives a cut-off text', text: '{"since', expected: { prior: null } },
  ])('$name', ({ text, expected }) => {
    expect(parseOwnership(text)).toEqual(expected);
  });
});
