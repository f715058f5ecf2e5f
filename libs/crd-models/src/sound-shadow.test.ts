import { describe, expect, test } from '@jest/globals';
import { soundNode, soundPod } from './sound-node.ts';
import { soundShadow } from './sound-shadow.ts';

const SPEC = { state: 'RebootedIntoUpdate', version: '1.1.0', state_transition_timestamp: null };
const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };
const FAILED = { version: '1.1.0', failures: 1, last_failure_timestamp: 'never' };
const raw = (changes: object = {}): Record<string, unknown> => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', uid: 'u' },
  spec: SPEC,
  status: STATUS,
  ...changes,
});

describe(soundShadow, () => {
  test('a valid shadow is returned as it is, without a fault', () => {
    const legal = raw({ status: { ...STATUS, failed_versions: [FAILED], progress: null } });
    const shadow = soundShadow(legal);
    expect(shadow).toEqual(legal);
    expect(shadow.spec).toBe(SPEC);
  });

  test.each([
    ['an invalid version', { ...STATUS, target_version: 'latest' }],
    ['times that are none', { ...STATUS, state_transition_failure_timestamp: 'never' }],
    ['fields that we do not know', { ...STATUS, mood: { good: true } }],
  ])('%s are for others to judge', (_name, status) => {
    expect(soundShadow(raw({ status }))).toEqual(raw({ status }));
  });

  test('null in place of an optional field counts as absent', () => {
    expect(soundShadow(raw({ status: { ...STATUS, failed_versions: null, conditions: null } }))).toEqual(raw());
  });

  test.each([
    ['failed versions that are a number', { ...STATUS, failed_versions: 5 }, 'status.failed_versions: expected array, got 5'],
    [
      'a failed version that is null',
      { ...STATUS, failed_versions: [FAILED, null] },
      'status.failed_versions.1: expected object, got null',
    ],
    ['a count that is a text', { ...STATUS, crash_count: '2' }, 'status.crash_count: expected integer, got "2"'],
    ['no version', { ...STATUS, current_version: undefined }, 'status.current_version: expected string, got nothing'],
    [
      'a step that there is not',
      { ...STATUS, progress: { step: 'Sleeping', since: '', boot_id: '', version: '1.1.0' } },
      'status.progress.step: expected "Excluding" or "Draining" or "Rebooting" or "Returning", got "Sleeping"',
    ],
    ['a text', 'fine', 'status: expected object, got "fine"'],
    ['a list', [], 'status: expected object, got a list'],
  ])('a status with %s is left out, and the field is named', (_name, status, message) => {
    const shadow = soundShadow(raw({ status }));
    expect(shadow.status).toBeUndefined();
    expect(shadow.spec).toBe(SPEC);
    expect(shadow.fault).toEqual({ message, specKnown: true });
  });

  test.each([
    ['null', null, 'spec: expected object, got null'],
    ['missing', undefined, 'spec: expected object, got nothing'],
    ['of no state', { version: '1.1.0' }, expect.stringMatching(/^spec\.state: expected "Idle" or .*, got nothing$/)],
    ['of a version that is a number', { ...SPEC, version: 1 }, 'spec.version: expected string, got 1'],
  ])('a spec that is %s is unknown, and the field is named', (_name, spec, message) => {
    const shadow = soundShadow(raw({ spec }));
    expect(shadow.spec).toEqual({ state: 'Idle' });
    expect(shadow.fault).toEqual({ message, specKnown: false });
  });

  test('invalid parts of metadata are left out', () => {
    const metadata = { name: 'brs-a', uid: 5, annotations: { a: 1, b: 'c' }, ownerReferences: [null, { kind: 'Node' }, 7] };
    expect(soundShadow(raw({ metadata }))).toEqual(raw({ metadata: { name: 'brs-a', annotations: { b: 'c' }, ownerReferences: [] } }));
  });

  test.each([null, 5, {}, { metadata: null }, { metadata: { name: 5 } }])('%j has no name, so it is no shadow', (nothing) => {
    expect(() => soundShadow(nothing)).toThrow('The object has no name');
  });

  test('names at most a few faults, shortened', () => {
    const status = Object.fromEntries(Object.keys(STATUS).map((key) => [key, { much: 'x'.repeat(10_000) }]));
    const spec = { state: 'x'.repeat(10_000), version: 1 };
    expect(soundShadow(raw({ spec, status })).fault?.message.length).toBeLessThan(1_000);
  });
});

describe(soundNode, () => {
  test('keeps the name and what is valid, and names the rest', () => {
    const node = {
      metadata: { name: 'a', labels: { pool: 1, zone: 'x' }, annotations: [] },
      spec: { unschedulable: 'yes', taints: [{ key: 'k', effect: 'NoSchedule' }, null] },
      status: { conditions: 7 },
    };
    const { object, fault } = soundNode<unknown>(node);
    expect(object).toEqual({
      metadata: { name: 'a', labels: { zone: 'x' } },
      spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] },
      status: {},
    });
    expect(fault).toBe(
      'metadata.labels.pool: expected string, got 1; metadata.annotations: expected object, got a list; spec.unschedulable: expected boolean, got "yes"',
    );
  });

  test('a legal Node is itself', () => {
    const node = { metadata: { name: 'a' }, spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] }, status: { images: [] } };
    expect(soundNode(node).object).toBe(node);
  });
});

describe(soundPod, () => {
  test('a Pod whose spec is null has no spec', () => {
    expect(soundPod<unknown>({ metadata: { name: 'a' }, spec: null, status: { conditions: [5] } }).object).toEqual({
      metadata: { name: 'a' },
      status: { conditions: [] },
    });
  });
});
