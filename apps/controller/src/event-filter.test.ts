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
    { name: 'nothing but a version of the object is no news', after: {}, urgency: 'never' },
    {
      name: 'our own conditions are no news',
      after: { status: { ...STATUS, conditions: [{ type: 'Stuck', status: 'False', reason: 'a', message: '', lastTransitionTime: '' }] } },
      urgency: 'never',
    },
    { name: 'a step that was told is answered at once', after: { spec: { state: 'MonitoringUpdate' } }, urgency: 'now' },
    {
      name: 'a step that was reached is answered at once',
      after: { status: { ...STATUS, current_state: 'MonitoringUpdate' } },
      urgency: 'now',
    },
    { name: 'a drain that begins is answered at once', after: { status: { ...STATUS, progress } }, urgency: 'now' },
    { name: 'another shadow of that name is looked at at once', after: { metadata: { name: 'brs-a', uid: 'v' } }, urgency: 'now' },
    { name: 'a version that is offered can wait', after: { status: { ...STATUS, target_version: '1.1.0' } }, urgency: 'soon' },
    { name: 'an owner that is added can wait', after: { metadata: { name: 'brs-a', uid: 'u', ownerReferences: [] } }, urgency: 'soon' },
  ])('$name', ({ after, urgency }) => {
    expect(urgencyOfShadow(aShadow(), aShadow(after, '2'))).toBe(urgency);
  });

  test('how far a drain has come can wait', () => {
    const draining = (message: string): BottlerocketShadow => aShadow({ status: { ...STATUS, progress: { ...progress, message } } });
    expect(urgencyOfShadow(draining('3 pods'), draining('2 pods'))).toBe('soon');
  });
});

test('a heartbeat of a node, and of a pod, is no news', () => {
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
  test('what comes, what goes and whole lists are news; of the rest, what differs', () => {
    const news: string[] = [];
    const take = filterEvents<BottlerocketShadow>(urgencyOfShadow, (urgency) => news.push(urgency));
    const modified = (before: BottlerocketShadow, object: BottlerocketShadow): void => {
      take({ type: 'modified', before, object });
    };
    const offered = aShadow({ status: { ...STATUS, target_version: '1.1.0' } }, '3');
    take({ type: 'added', object: aShadow() });
    modified(aShadow(), aShadow({}, '2'));
    modified(aShadow({}, '2'), offered);
    modified(offered, { ...offered, metadata: { ...offered.metadata, resourceVersion: '4' } });
    take({ type: 'deleted', object: aShadow({}, '5') });
    take({ type: 'synced' });
    expect(news).toEqual(['now', 'soon', 'now', 'now']);
  });
});
