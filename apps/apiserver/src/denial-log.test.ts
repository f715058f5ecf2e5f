import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DenialCode } from '@brupop/k8s-auth';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { createDenialLog, type DenialLog } from './denial-log.ts';

let clock: VirtualClock;
let log: ReturnType<typeof memoryLogger>;
let denials: DenialLog;
beforeEach(() => {
  clock = new VirtualClock();
  log = memoryLogger();
  denials = createDenialLog(log, clock);
});

const deny = (code: DenialCode, nodeName?: string): void => {
  const denial = { ok: false, status: 401, code, message: '' } as const;
  denials.note({ denial, method: 'GET', route: `/${'x'.repeat(10_000)}`, nodeName, source: '10.0.0.1' });
};

describe(createDenialLog, () => {
  test('logs the first denial of each code immediately, with node and address', () => {
    deny('TOKEN_REJECTED', 'node-1');
    deny('NODE_MISMATCH', 'no node\n');
    expect(log.entries.map(({ message, fields }) => [message, fields['reason'], fields['node'], fields['source']])).toEqual([
      ['Denying a request', 'TOKEN_REJECTED', 'node-1', '10.0.0.1'],
      ['Denying a request', 'NODE_MISMATCH', undefined, '10.0.0.1'],
    ]);
  });

  test('logs one line per minute for 100,000 denials, with their number and some of the nodes', async () => {
    for (let second = 0; second < 100; second++) {
      for (let at = 0; at < 1_000; at++) deny('TOKEN_REJECTED', `node-${String(at)}`);
      await clock.advance(1_000);
    }
    await clock.advance(60_000);
    const [, ...lines] = log.entries.map(({ message, fields }) => [
      message,
      fields['requests'],
      (fields['nodes'] as string[] | undefined)?.length,
    ]);
    expect(lines).toEqual([
      ['Denied more requests', 59_999, 5],
      ['Denied more requests', 40_000, 5],
    ]);
    expect(JSON.stringify(log.entries).length).toBeLessThan(3_000);
  });

  test('logs the next denial after a quiet minute immediately', async () => {
    deny('TOKEN_REJECTED');
    await clock.advance(61_000);
    deny('TOKEN_REJECTED');
    expect(log.entries).toHaveLength(2);
  });
});
