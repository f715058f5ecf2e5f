import type { BottlerocketShadow } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { createAssumedShadows } from './assumed-shadows.ts';

const shadow = (resourceVersion: string, uid = 'u'): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', uid, resourceVersion },
  spec: { state: 'Idle' },
});
const versions = (shadows: readonly BottlerocketShadow[]): unknown[] => shadows.map(({ metadata }) => metadata.resourceVersion);

describe(createAssumedShadows, () => {
  test.each([
    { name: 'a write covers the older state in the cache', write: '10', cached: shadow('9'), expected: ['10'] },
    { name: 'a newer state in the cache covers a write', write: '10', cached: shadow('11'), expected: ['11'] },
    { name: 'a shadow that was created again is not covered by the write', write: '10', cached: shadow('9', 'other'), expected: ['9'] },
    { name: 'resource versions that are not numbers are not compared', write: 'x', cached: shadow('9'), expected: ['9'] },
  ])('$name', ({ write, cached, expected }) => {
    const assumed = createAssumedShadows();
    assumed.written(shadow(write));
    expect(versions(assumed.over([cached]))).toEqual(expected);
  });

  test('a deleted shadow is hidden until the cache agrees; one created again is shown', () => {
    const assumed = createAssumedShadows();
    assumed.deleted({ shadow: 'brs-a', uid: 'u' });
    expect(assumed.over([shadow('9')])).toEqual([]);
    expect(versions(assumed.over([shadow('12', 'other')]))).toEqual(['12']);
  });

  test('forgets the writes that the cache has caught up with', () => {
    const assumed = createAssumedShadows();
    assumed.written(shadow('10'));
    expect(assumed.over([])).toEqual([]);
    expect(versions(assumed.over([shadow('9')]))).toEqual(['9']);
    assumed.written(shadow('10'));
    assumed.clear();
    expect(versions(assumed.over([shadow('9')]))).toEqual(['9']);
  });

  const spec = { state: 'StagedAndPerformedUpdate', version: '1.1.0', state_transition_timestamp: '2026-01-05T12:00:00Z' } as const;
  const asSpec = (changes: Partial<BottlerocketShadow['spec']>): BottlerocketShadow => ({ ...shadow('10'), spec: { ...spec, ...changes } });
  test.each<{ name: string; before?: BottlerocketShadow; after: BottlerocketShadow; planned: string }>([
    { name: 'our own write was planned', after: asSpec({}), planned: 'StagedAndPerformedUpdate' },
    { name: 'the write of another client was not', after: asSpec({ state: 'ErrorReset' }), planned: 'Idle' },
    {
      name: 'nor the same state with another time',
      after: asSpec({ state_transition_timestamp: '2026-01-05T13:00:00Z' }),
      planned: 'Idle',
    },
    { name: 'nor with another version', after: asSpec({ version: '1.2.0' }), planned: 'Idle' },
    { name: 'an event that does not change the spec does not show our write', after: shadow('10'), planned: 'Idle' },
  ])('$name', ({ after, planned }) => {
    const assumed = createAssumedShadows();
    assumed.writing('brs-a', spec);
    expect(assumed.planned(shadow('9'), after).spec.state).toBe(planned);
  });

  test('a write is recognised once, however many events come before it, and not after a change of leader', () => {
    const assumed = createAssumedShadows();
    const planned = (before: BottlerocketShadow, after: BottlerocketShadow): string => assumed.planned(before, after).spec.state;
    assumed.writing('brs-a', spec);
    expect(planned(shadow('8'), shadow('9'))).toBe('Idle');
    expect(planned(shadow('9'), asSpec({}))).toBe('StagedAndPerformedUpdate');
    expect(planned(shadow('11'), asSpec({}))).toBe('Idle');
    assumed.writing('brs-a', spec);
    assumed.clear();
    expect(planned(shadow('9'), asSpec({}))).toBe('Idle');
  });
});
