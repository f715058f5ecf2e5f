import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { convertShadow, V2_DATA_ANNOTATION } from './convert.ts';
import { PROGRESS_STEPS, SHADOW_STATES } from './shadow.ts';
import { SHADOW_V1_STATES } from './shadow-v1.ts';
import { parseShadow } from './validate.ts';

const V1 = 'brupop.bottlerocket.aws/v1';
const V2 = 'brupop.bottlerocket.aws/v2';

const aShadow = (parts: Record<string, unknown> = {}): Record<string, unknown> => ({
  apiVersion: V2,
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a' },
  spec: { state: 'Idle' },
  ...parts,
});

/** The converted object, or the message. */
function convert(object: unknown, version: string): unknown {
  const result = convertShadow(object, version);
  return result.ok ? result.object : result.message;
}

const aStatus = (state: string): Record<string, unknown> => ({ current_version: '1.0.0', target_version: '1.1.0', current_state: state });

describe(convertShadow, () => {
  test.each([
    { from: 'Idle', to: 'Idle' },
    { from: 'StagedUpdate', to: 'StagedAndPerformedUpdate' },
    { from: 'PerformedUpdate', to: 'StagedAndPerformedUpdate' },
    { from: 'RebootedIntoUpdate', to: 'RebootedIntoUpdate' },
    { from: 'MonitoringUpdate', to: 'MonitoringUpdate' },
  ])('v1 $from becomes $to, with crash count 0', ({ from, to }) => {
    const object = aShadow({ apiVersion: V1, spec: { state: from, version: '1.1.0' }, status: aStatus(from) });
    const wanted = aShadow({ spec: { state: to, version: '1.1.0' }, status: { ...aStatus(to), crash_count: 0 } });
    expect(convert(object, V2)).toEqual(wanted);
  });

  test.each([
    { from: 'Idle', to: 'Idle' },
    { from: 'StagedAndPerformedUpdate', to: 'StagedUpdate' },
    { from: 'RebootedIntoUpdate', to: 'RebootedIntoUpdate' },
    { from: 'MonitoringUpdate', to: 'MonitoringUpdate' },
    { from: 'ErrorReset', to: 'MonitoringUpdate' },
  ])('v2 $from becomes $to', ({ from, to }) => {
    const object = aShadow({ spec: { state: from }, status: { ...aStatus(from), crash_count: 0 } });
    expect(convert(object, V1)).toMatchObject({ apiVersion: V1, spec: { state: to }, status: aStatus(to) });
  });

  test('a v1 object is never shown fields that its schema lacks', () => {
    const object = aShadow({ status: { ...aStatus('Idle'), crash_count: 3, boot_id: 'b', failure_message: null } });
    expect(convert(object, V1)).toEqual({
      apiVersion: V1,
      kind: 'BottlerocketShadow',
      metadata: {
        name: 'brs-a',
        annotations: {
          [V2_DATA_ANNOTATION]: '{"status":{"current_state":"Idle","crash_count":3,"boot_id":"b","failure_message":null}}',
        },
      },
      spec: { state: 'Idle' },
      status: aStatus('Idle'),
    });
  });

  test('an object that v1 can represent completely needs no annotation', () => {
    const object = aShadow({ status: { ...aStatus('Idle'), crash_count: 0 } });
    expect(convert(object, V1)).toHaveProperty('metadata', { name: 'brs-a' });
  });

  test('an object that has the wanted version already is left as it is', () => {
    const object = aShadow();
    expect(convert(object, V2)).toBe(object);
  });

  test('a name that is not a string is left to kube-apiserver to reject', () => {
    expect(convertShadow(aShadow({ metadata: { name: 1 } }), V1).ok).toBe(true);
  });

  test('a status of null stays null, and an absent one absent', () => {
    expect(convert(aShadow({ status: null }), V1)).toEqual(aShadow({ apiVersion: V1, status: null }));
    expect(convert(aShadow({ apiVersion: V1 }), V2)).toEqual(aShadow());
  });

  test('lessons §6.1: labels, annotations, finalizers, owners and unknown fields survive a conversion', () => {
    const metadata = {
      name: 'brs-a',
      uid: 'u',
      generation: 3,
      labels: { a: 'b' },
      annotations: { c: 'd' },
      finalizers: ['e'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'n' }],
      managedFields: [{ manager: 'm' }],
    };
    const object = aShadow({
      metadata,
      spec: { state: 'Idle', other: 1 },
      extra: true,
      status: { ...aStatus('Idle'), crash_count: 0, more: [1] },
    });
    const status = { ...aStatus('Idle'), more: [1] };
    expect(convert(object, V1)).toEqual({ ...object, apiVersion: V1, status });
  });

  describe('coming back', () => {
    const failed = aShadow({
      spec: { state: 'ErrorReset' },
      status: { ...aStatus('ErrorReset'), crash_count: 2, state_transition_failure_timestamp: '2026-01-01T00:00:00Z' },
    });
    const asV1 = (): { metadata: Record<string, unknown>; spec: Record<string, unknown>; status: Record<string, unknown> } =>
      structuredClone(convert(failed, V1)) as ReturnType<typeof asV1>;

    test('untouched, it is the same object', () => {
      expect(convert(asV1(), V2)).toEqual(failed);
    });

    test('other changes of an old client are kept together with the data of v2', () => {
      const object = asV1();
      object.status['target_version'] = '1.2.0';
      expect(convert(object, V2)).toMatchObject({ status: { target_version: '1.2.0', current_state: 'ErrorReset', crash_count: 2 } });
    });

    test('a state that an old client changed is kept, and the failures before it are dropped', () => {
      const object = asV1();
      object.status['current_state'] = 'Idle';
      object.spec['state'] = 'Idle';
      expect(convert(object, V2)).toEqual(aShadow({ status: { ...aStatus('Idle'), crash_count: 0 } }));
    });

    test('a status that an old client removed stays removed', () => {
      const object = { ...asV1(), status: undefined };
      expect(convert(object, V2)).toEqual(aShadow({ spec: { state: 'ErrorReset' } }));
    });

    test.each([
      { name: 'no JSON', data: '{' },
      { name: 'another type', data: '"text"' },
      { name: 'a crash count that is not a number', data: '{"status":{"current_state":"ErrorReset","crash_count":"two"}}' },
      { name: 'no text', data: 7 },
    ])('an annotation with $name is ignored and dropped', ({ data }) => {
      const object = asV1();
      object.metadata['annotations'] = { kept: 'yes', [V2_DATA_ANNOTATION]: data };
      expect(convert(object, V2)).toEqual({
        ...aShadow({ metadata: { name: 'brs-a', annotations: { kept: 'yes' } } }),
        spec: { state: 'MonitoringUpdate' },
        status: { ...aStatus('MonitoringUpdate'), crash_count: 0 },
      });
    });

    test('an annotation that another client has extended changes nothing but what v1 cannot represent', () => {
      const object = asV1();
      const data = { status: { current_state: 'ErrorReset', crash_count: 2, current_version: '9.9.9', other: 1 } };
      object.metadata['annotations'] = { [V2_DATA_ANNOTATION]: JSON.stringify(data) };
      expect(convert(object, V2)).toMatchObject({ status: { ...aStatus('ErrorReset'), crash_count: 2 } });
      expect(convert(object, V2)).not.toHaveProperty('status.other');
    });

    test('stale data on a v2 object is replaced', () => {
      const stale = { name: 'brs-a', annotations: { [V2_DATA_ANNOTATION]: '{"spec":{"state":"ErrorReset"}}' } };
      expect(convert(aShadow({ metadata: stale }), V1)).toEqual(aShadow({ apiVersion: V1 }));
    });
  });

  test.each([
    {
      name: 'an unknown version',
      object: aShadow(),
      to: 'x/v3',
      message: 'BottlerocketShadow brs-a: desiredAPIVersion: expected',
    },
    { name: 'no object', object: 7, message: 'BottlerocketShadow without a name: expected an object' },
    { name: 'a list', object: [], message: 'BottlerocketShadow without a name: expected an object' },
    { name: 'null', object: null, message: 'BottlerocketShadow without a name: expected an object' },
    { name: 'another kind', object: aShadow({ kind: 'Pod' }), message: 'brs-a: kind: expected BottlerocketShadow, got "Pod"' },
    { name: 'no kind', object: aShadow({ kind: undefined }), message: 'brs-a: kind: expected BottlerocketShadow, got nothing' },
    { name: 'another group', object: aShadow({ apiVersion: 'x/v2' }), message: 'brs-a: apiVersion: expected' },
    { name: 'no metadata', object: aShadow({ metadata: null }), message: 'without a name: metadata: expected an object' },
    { name: 'no spec', object: aShadow({ spec: undefined }), message: 'brs-a: spec: expected an object' },
    { name: 'a status that is a string', object: aShadow({ status: 'x' }), message: 'brs-a: status: expected an object or null' },
    { name: 'a state of v1 in v2', object: aShadow({ spec: { state: 'StagedUpdate' } }), message: 'brs-a: spec.state: expected Idle or' },
    { name: 'a state that is a number', object: aShadow({ spec: { state: 1 } }), message: 'got a value of type number' },
    { name: 'a status without state', object: aShadow({ status: {} }), message: 'brs-a: status.current_state: expected Idle or' },
  ])('$name: the message names object and field', ({ object, to = V1, message }) => {
    const result = convertShadow(object, to);
    expect(result).toEqual({ ok: false, message: expect.stringContaining(message) });
  });

  const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join('.'));
  const time = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000).toISOString());
  const strings = fc.dictionary(fc.string(), fc.string(), { minKeys: 1 });
  const status = fc.record(
    {
      current_version: version,
      target_version: version,
      current_state: fc.constantFrom(...SHADOW_STATES),
      crash_count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      state_transition_failure_timestamp: fc.option(time),
      conditions: fc.array(
        fc.record({
          type: fc.string(),
          status: fc.constantFrom('True', 'False', 'Unknown'),
          reason: fc.string(),
          message: fc.string(),
          lastTransitionTime: time,
        }),
      ),
      progress: fc.option(fc.record({ step: fc.constantFrom(...PROGRESS_STEPS), since: time, boot_id: fc.string(), version })),
      failed_versions: fc.array(fc.record({ version, failures: fc.integer({ min: 1, max: 9 }), last_failure_timestamp: time })),
      boot_id: fc.string(),
      failure_message: fc.option(fc.string()),
      unhealthy_before: fc.option(fc.array(fc.string(), { maxLength: 20 })),
      update_check: fc.option(fc.record({ result: fc.string(), checked_at: fc.option(time), newest_listed: fc.option(version) })),
      unknown: fc.jsonValue(),
    },
    { requiredKeys: ['current_version', 'target_version', 'current_state', 'crash_count'] },
  );
  const shadow = fc.record(
    {
      apiVersion: fc.constant(V2),
      kind: fc.constant('BottlerocketShadow'),
      metadata: fc.record(
        { name: fc.string(), uid: fc.string(), labels: strings, annotations: strings, finalizers: fc.array(fc.string()) },
        { requiredKeys: ['name'] },
      ),
      spec: fc.record(
        {
          state: fc.constantFrom(...SHADOW_STATES),
          state_transition_timestamp: fc.option(time),
          version: fc.option(version),
          unknown: fc.jsonValue(),
        },
        { requiredKeys: ['state'] },
      ),
      status: fc.option(status),
    },
    { requiredKeys: ['apiVersion', 'kind', 'metadata', 'spec'] },
  );

  test('lessons §6.2: v2 → v1 → v2 is the same object, and so it is through JSON', () => {
    fc.assert(
      fc.property(shadow, (generated) => {
        const object = JSON.parse(JSON.stringify(generated)) as unknown;
        expect(parseShadow(object).ok).toBe(true);
        const down: unknown = JSON.parse(JSON.stringify(convert(object, V1)));
        expect(SHADOW_V1_STATES).toContain((down as { spec: { state: unknown } }).spec.state);
        expect(convert(down, V2)).toEqual(object);
      }),
    );
  });

  const shadowV1 = fc.record(
    {
      apiVersion: fc.constant(V1),
      kind: fc.constant('BottlerocketShadow'),
      metadata: fc.dictionary(fc.string(), fc.jsonValue()).map((metadata) => ({ annotations: {}, ...metadata, name: 'brs-a' })),
      spec: fc.record({ state: fc.constantFrom(...SHADOW_V1_STATES), version: fc.option(version), unknown: fc.jsonValue() }),
      status: fc.option(
        fc.record({
          current_version: version,
          target_version: version,
          current_state: fc.constantFrom(...SHADOW_V1_STATES),
          unknown: fc.jsonValue(),
        }),
      ),
      other: fc.jsonValue(),
    },
    { requiredKeys: ['apiVersion', 'kind', 'metadata', 'spec'] },
  );

  test('lessons §6.2: v1 → v2 → v1 is the same object, but that v2 has one state for StagedUpdate and PerformedUpdate', () => {
    const staged = (text: string): unknown => JSON.parse(text.replaceAll('"PerformedUpdate"', '"StagedUpdate"'));
    fc.assert(
      fc.property(shadowV1, (generated) => {
        const text = JSON.stringify(generated);
        const up: unknown = JSON.parse(JSON.stringify(convert(JSON.parse(text), V2)));
        expect(convert(up, V1)).toEqual(staged(text));
      }),
    );
  });

  test('whatever it is given, it does not throw', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(V1, V2), (anything, to) => {
        const objects: readonly unknown[] = [
          anything,
          ...['apiVersion', 'kind', 'metadata', 'spec', 'status'].map((field) => aShadow({ [field]: anything })),
          aShadow({ spec: { state: anything } }),
          aShadow({ status: { current_state: anything } }),
          aShadow({ metadata: { name: 'a', annotations: anything } }),
        ];
        for (const object of objects) expect(convertShadow(object, to)).toHaveProperty('ok');
      }),
    );
  });
});
