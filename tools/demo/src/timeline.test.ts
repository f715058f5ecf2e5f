import { describe, expect, test } from '@jest/globals';
import { phaseTable, Timeline } from './timeline.ts';

describe('Timeline', () => {
  test('sums up the time in each state', () => {
    const timeline = new Timeline();
    timeline.note('a', 'Idle', 0);
    timeline.note('a', 'RebootedIntoUpdate', 1000);
    timeline.note('a', 'RebootedIntoUpdate', 1500);
    timeline.note('a', 'Idle', 3000);
    timeline.note('a', 'RebootedIntoUpdate', 4000);
    timeline.note('a', 'Idle', 4500);
    expect(timeline.spent('a', 'RebootedIntoUpdate')).toBe(2500);
    expect(timeline.spent('b', 'Idle')).toBe(0);
    expect(phaseTable(timeline)).toMatch(/a\s+0\.0 s\s+2\.5 s\s+0\.0 s\s+2\.5 s/);
  });
});
