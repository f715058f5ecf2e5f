import { describe, expect, test } from '@jest/globals';
import type { drainBlock, DrainResult } from '@brupop/drain';
import { memoryLogger } from '@brupop/ports';
import { createDrainLog } from './drain-log.ts';

type Block = ReturnType<typeof drainBlock>;

const waiting = (message: string, evicted = 0): readonly [DrainResult, Block] => [
  { kind: 'waiting', evicted, waiting: [] },
  { reason: 'DisruptionBudget', message },
];

describe(createDrainLog, () => {
  test('logs at level info only what has changed', () => {
    const log = memoryLogger();
    const drains = createDrainLog(log);
    for (const result of [waiting('budget a'), waiting('budget a'), waiting('budget b'), waiting('budget b', 1)])
      drains.note('n', ...result);
    drains.note('other', ...waiting('budget a'));
    drains.note('n', { kind: 'done', evicted: 1 }, undefined);
    drains.note('n', ...waiting('budget b', 1));
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

  test('forgets the least recent of more than a thousand nodes, because another replica may have ended its drain', () => {
    const log = memoryLogger();
    const drains = createDrainLog(log);
    const note = (node: string): string | undefined => {
      drains.note(node, ...waiting('budget a'));
      return log.entries.at(-1)?.level;
    };
    for (let at = 0; at < 1_000; at++) note(`node-${String(at)}`);
    expect(note('node-0')).toBe('debug');
    expect(note('new')).toBe('info');
    expect(note('node-0')).toBe('debug');
    expect(note('node-1')).toBe('info');
  });
});
