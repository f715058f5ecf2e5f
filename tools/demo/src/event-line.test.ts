import { describe, expect, test } from '@jest/globals';
import { eventLine } from './event-line.ts';

describe('eventLine', () => {
  test.each([
    {
      name: 'shows an eviction',
      type: 'eviction',
      subject: 'default/web-1',
      message: '201',
      line: '    1.5 s  web-1 evicted',
    },
    {
      name: 'shows what refuses an eviction',
      type: 'eviction',
      subject: 'default/web-1',
      message: '429',
      line: '    1.5 s  Eviction of web-1 refused by its PodDisruptionBudget',
    },
    {
      name: 'shows the booted version',
      type: 'host-booted',
      subject: 'n',
      message: '1.27.0',
      line: '    1.5 s  n booted 1.27.0',
    },
    { name: 'shows a fault without a target', type: 'fault', subject: '', message: 'f', line: '    1.5 s  Fault f has no target' },
    { name: 'omits other events', type: 'pod-bound', subject: 'default/web-1', message: '', line: undefined },
  ])('$name', ({ line, ...event }) => {
    expect(eventLine({ ...event, atMs: 2500 }, 1000)).toBe(line);
  });
});
