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
    { name: 'a shadow that was made anew has nothing to do with the write', write: '10', cached: shadow('9', 'other'), expected: ['9'] },
    { name: 'versions that are no numbers are not compared', write: 'x', cached: shadow('9'), expected: ['9'] },
  ])('$name', ({ write, cached, expected }) => {
    const assumed = createAssumedShadows();
    assumed.written(shadow(write));
    expect(versions(assumed.over([cached]))).toEqual(expected);
  });

  test('a deleted shadow is gone until the cache agrees, one made anew is there', () => {
    const assumed = createAssumedShadows();
    assumed.deleted({ shadow: 'brs-a', uid: 'u' });
    expect(assumed.over([shadow('9')])).toEqual([]);
    expect(versions(assumed.over([shadow('12', 'other')]))).toEqual(['12']);
  });

  test('forgets what the cache has caught up with', () => {
    const assumed = createAssumedShadows();
    assumed.written(shadow('10'));
    expect(assumed.over([])).toEqual([]);
    expect(versions(assumed.over([shadow('9')]))).toEqual(['9']);
    assumed.written(shadow('10'));
    assumed.clear();
    expect(versions(assumed.over([shadow('9')]))).toEqual(['9']);
  });
});
