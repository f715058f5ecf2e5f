import { describe, expect, test } from '@jest/globals';
import { downloadOf, imageOf } from './image.ts';
import type { HostCommand } from './types.ts';

const prepared = (message: string, succeeded = true): HostCommand => ({ type: 'prepare', succeeded, timestamp: 't', message });

describe(downloadOf, () => {
  test.each([
    ['Starting update to 1.27.0', { version: '1.27.0' }],
    ['Starting update to v1.27.0\nUpdate applied: aws-k8s-1.30-1.27.0', { version: '1.27.0' }],
    ['warning: slow\n  Starting update to 1.27.0-beta.1 \n', { version: '1.27.0-beta.1' }],
    ['No update required', 'nothing'],
    ['Update available in later wave', 'nothing'],
    ['', 'unknown'],
    ['Starting update to the newest version', 'unknown'],
    ['Downloaded 1.27.0', 'unknown'],
  ])('%j: %j', (message, expected) => {
    expect(downloadOf({ message })).toEqual(expected);
  });
});

describe(imageOf, () => {
  const staged = (mostRecentCommand?: HostCommand): Parameters<typeof imageOf>[0] => ({
    kind: 'known',
    updateState: 'Staged',
    chosenVersion: '1.27.0',
    stagedVersion: '1.27.0',
    mostRecentCommand,
  });
  test.each([
    { name: 'what the updater has just named', command: prepared('Starting update to 1.27.0'), expected: 'right' },
    { name: 'another version', command: prepared('Starting update to 1.28.0'), downloaded: '1.27.0', expected: 'wrong' },
    { name: 'nothing', command: prepared('No update required'), downloaded: '1.27.0', expected: 'wrong' },
    { name: 'something the updater does not name', command: prepared('done'), downloaded: '1.27.0', expected: 'unknown' },
    { name: 'what this process has downloaded', command: undefined, downloaded: '1.27.0', expected: 'right' },
    { name: 'what another process has downloaded', command: undefined, expected: 'unknown' },
    { name: 'what a download that failed has left', command: prepared('Starting update to 1.27.0', false), expected: 'unknown' },
  ])('$name is $expected', ({ command, downloaded, expected }) => {
    expect(imageOf(staged(command), '1.27.0', downloaded)).toBe(expected);
  });
});
