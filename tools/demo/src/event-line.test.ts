import { describe, expect, test } from '@jest/globals';
import { eventLine } from './event-line.ts';

describe('eventLine', () => {
  test.each([
    {
      name: 'tells of an eviction',
      type: 'eviction',
      subject: 'default/web-1',
      message: '201',
      line: '    1.5 s  web-1 is evicted',
    },
    {
      name: 'tells what refuses an eviction',
      type: 'eviction',
      subject: 'default/web-1',
      message: '429',
      line: '    1.5 s  web-1 is kept by its PodDisruptionBudget',
    },
    {
      name: 'tells which version has booted',
      type: 'host-booted',
      subject: 'n',
      message: '1.27.0',
      line: '    1.5 s  n has booted 1.27.0',
    },
    { name: 'tells of a fault without a target', type: 'fault', subject: '', message: 'f', line: '    1.5 s  Fault f strikes nothing' },
    { name: 'leaves out what nobody asks for', type: 'pod-bound', subject: 'default/web-1', message: '', line: undefined },
  ])('$name', ({ line, ...event }) => {
    expect(eventLine({ ...event, atMs: 2500 }, 1000)).toBe(line);
  });
});
