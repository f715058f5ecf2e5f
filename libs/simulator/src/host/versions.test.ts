import { describe, expect, test } from '@jest/globals';
import { chooseUpdate, compareVersions, listVersions } from './versions.ts';
import type { ChoiceInput } from './versions.ts';

const aChoice = (changes: Partial<ChoiceInput> = {}): ChoiceInput => ({
  repository: { available: ['1.25.0', '1.26.1', '1.27.0'] },
  running: '1.26.1',
  versionLock: 'latest',
  waveOffsetMs: 0,
  nowMs: 1_000,
  ...changes,
});

describe(compareVersions, () => {
  test.each([
    { a: '1.9.0', b: '1.10.0', sign: -1 },
    { a: '2.0.0', b: '1.99.9', sign: 1 },
    { a: '1.2.3', b: '1.2.3', sign: 0 },
    { a: 'odd', b: '1.2.3', sign: 1 },
    { a: 'odd', b: 'odd', sign: 0 },
    { a: '1.2.3', b: 'odd', sign: -1 },
  ])('$a against $b', ({ a, b, sign }) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe(chooseUpdate, () => {
  test.each([
    { name: 'the newest', changes: {}, chosen: '1.27.0' },
    { name: 'nothing on the newest', changes: { running: '1.27.0' }, chosen: null },
    { name: 'the locked version, even if older', changes: { versionLock: '1.25.0' }, chosen: '1.25.0' },
    { name: 'the locked version written with a v', changes: { versionLock: 'v1.25.0' }, chosen: '1.25.0' },
    { name: 'nothing when locked to what runs', changes: { versionLock: '1.26.1' }, chosen: null },
    { name: 'nothing when locked to an unknown version', changes: { versionLock: '9.9.9' }, chosen: null },
    {
      name: 'a downgrade when running above the maximum',
      changes: { running: '1.27.0', repository: { available: ['1.26.1', '1.27.0'], maxVersion: '1.26.1' } },
      chosen: '1.26.1',
    },
    {
      name: 'nothing when locked above the maximum',
      changes: { versionLock: '1.27.0', repository: { available: ['1.26.1', '1.27.0'], maxVersion: '1.26.1' } },
      chosen: null,
    },
    {
      name: 'nothing before its wave',
      changes: { repository: { available: ['1.27.0'], availableFrom: { '1.27.0': 900 } }, waveOffsetMs: 200 },
      chosen: null,
    },
    {
      name: 'the update once its wave has come',
      changes: { repository: { available: ['1.27.0'], availableFrom: { '1.27.0': 900 } }, waveOffsetMs: 100 },
      chosen: '1.27.0',
    },
  ])('chooses $name', ({ changes, chosen }) => {
    expect(chooseUpdate(aChoice(changes))).toBe(chosen);
  });
});

describe(listVersions, () => {
  test('lists newest first, with the running and older ones', () => {
    expect(listVersions(aChoice())).toEqual(['1.27.0', '1.26.1', '1.25.0']);
  });

  test('omits versions above the maximum', () => {
    const repository = { available: ['1.25.0', '1.26.1', '1.27.0'], maxVersion: '1.26.1' };
    expect(listVersions(aChoice({ repository }))).toEqual(['1.26.1', '1.25.0']);
  });
});
