import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { filterEvents, urgencyOfNode, urgencyOfPod, urgencyOfShadow } from './event-filter.ts';
import type { Urgency } from './event-filter.ts';
import type { TransformedNode, TransformedPod } from './transform.ts';

const STATUS: ShadowStatus = { current_version: '1.0.0', target_version: '1.0.0', current_state: 'Idle', crash_count: 0 };
const aShadow = (changes: Partial<BottlerocketShadow> = {}, resourceVersion = '1'): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', uid: 'u', resourceVersion },
  spec: { state: 'Idle' },
  status: STATUS,
  ...changes,
});
const progress = { step: 'Draining', since: '2026-01-05T12:00:00Z', boot_id: 'b', version: '1.1.0' } as const;

describe(urgencyOfShadow, () => {
  test.each<{ name: string; after: Partial<BottlerocketShadow>; urgency: Urgency }>([
    { name: 'a change of the resourceVersion alone needs no plan', after: {}, urgency: 'never' },
    {
      name: 'a change of our own conditions needs no plan',
      after: { status: { ...STATUS, conditions: [{ type: 'Stuck', status: 'False', reason: 'a', message: '', lastTransitionTime: '' }] } },
      urgency: 'never',
    },
    { name: 'a change of the spec is answered at once', after: { spec: { state: 'MonitoringUpdate' } }, urgency: 'now' },
    {
      name: 'a state that was reached is answered at once',
      after: { status: { ...STATUS, current_state: 'MonitoringUpdate' } },
      urgency: 'now',
    },
    { name: 'a drain that begins is answered at once', after: { status: { ...STATUS, progress } }, urgency: 'now' },
    { name: 'a shadow that was created again is looked at immediately', after: { metadata: { name: 'brs-a', uid: 'v' } }, urgency: 'now' },
    { name: 'a newly offered version can wait', after: { status: { ...STATUS, target_version: '1.1.0' } }, urgency: 'soon' },
    { name: 'a new owner can wait', after: { metadata: { name: 'brs-a', uid: 'u', ownerReferences: [] } }, urgency: 'soon' },
  ])('$name', ({ after, urgency }) => {
    expect(urgencyOfShadow(aShadow(), aShadow(after, '2'))).toBe(urgency);
  });

  test('the progress of a drain can wait', () => {
    const draining = (message: string): BottlerocketShadow => aShadow({ status: { ...STATUS, progress: { ...progress, message } } });
    expect(urgencyOfShadow(draining('3 pods'), draining('2 pods'))).toBe('soon');
  });
});

test('a heartbeat of a node or a pod needs no plan', () => {
  const node = (resourceVersion: string, ready: boolean): TransformedNode => ({
    metadata: { name: 'a', resourceVersion },
    observation: {
      name: 'a',
      uid: 'u',
      managed: true,
      ready,
      unschedulable: false,
      tainted: false,
      cordonedByUs: false,
      excludedByUs: false,
      deleting: false,
    },
  });
  const pod = (resourceVersion: string, ready: boolean): TransformedPod => ({
    metadata: { name: 'a', resourceVersion },
    nodeName: 'a',
    ready,
    since: undefined,
  });
  expect([urgencyOfNode(node('1', true), node('2', true)), urgencyOfNode(node('1', true), node('2', false))]).toEqual(['never', 'now']);
  expect([urgencyOfPod(pod('1', true), pod('2', true)), urgencyOfPod(pod('1', true), pod('2', false))]).toEqual(['never', 'now']);
});

describe(filterEvents, () => {
  test('added and deleted objects and whole lists are answered at once; modified ones depending on what differs', () => {
    const urgencies: string[] = [];
    const handle = filterEvents<BottlerocketShadow>(urgencyOfShadow, (urgency) => urgencies.push(urgency));
    const modified = (before: BottlerocketShadow, object: BottlerocketShadow): void => {
      handle({ type: 'modified', before, object });
    };
    const offered = aShadow({ status: { ...STATUS, target_version: '1.1.0' } }, '3');
    handle({ type: 'added', object: aShadow() });
    modified(aShadow(), aShadow({}, '2'));
    modified(aShadow({}, '2'), offered);
    modified(offered, { ...offered, metadata: { ...offered.metadata, resourceVersion: '4' } });
    handle({ type: 'deleted', object: aShadow({}, '5') });
    handle({ type: 'synced' });
    expect(urgencies).toEqual(['now', 'soon', 'now', 'now']);
  });
});
