import { describe, expect, test } from '@jest/globals';
import type { DrainResult } from '@brupop/drain';
import { memoryLogger } from '@brupop/process';
import { createDrainLog } from './drain-log.ts';

const waiting = (message: string, evicted = 0): DrainResult => ({
  kind: 'waiting',
  evicted,
  waiting: [{ namespace: 'shop', name: 'web-0', reason: 'blocked', message }],
});

describe(createDrainLog, () => {
  test('tells at level info what is new, and only that', () => {
    const log = memoryLogger();
    const drains = createDrainLog(log);
    for (const result of [waiting('budget a'), waiting('budget a'), waiting('budget b'), waiting('budget b', 1)]) drains.note('n', result);
    drains.note('other', waiting('budget a'));
    drains.note('n', { kind: 'done', evicted: 1 });
    drains.note('n', waiting('budget b', 1));
    const lines = log.entries.map(({ level, fields }) => `${level} ${String(fields['node'])} ${String(fields['detail'])}`);
    expect(lines).toEqual([
      'info n budget a',
      'debug n budget a',
      'info n budget b',
      'info n budget b',
      'info other budget a',
      'info n Drained, 1 pod evicted in this step',
      'info n budget b',
    ]);
  });
});
