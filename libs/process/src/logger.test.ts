import { describe, expect, test } from '@jest/globals';
import type { Logger } from '@brupop/ports';
import { createLogger } from './logger.ts';
import type { LogThreshold } from './logger.ts';
import type { LogFormat } from './log-format.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function linesOf(
  use: (log: Logger) => void,
  settings: { format?: LogFormat; ansi?: boolean; level?: LogThreshold } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const log = createLogger({
    component: 'agent',
    level: 'info',
    format: 'full',
    ansi: false,
    ...settings,
    now: () => Date.UTC(2026, 0, 5),
    write: (line) => lines.push(line),
  });
  use(log);
  await settled();
  return lines;
}

describe(createLogger, () => {
  const entry = (log: Logger): void => {
    log.child({ node: 'worker 1' }).warn('Drain is blocked', { pods: 2, reason: 'pdb' });
  };
  test.each([
    {
      format: 'full',
      ansi: false,
      line: '2026-01-05T00:00:00.000Z  WARN agent{node="worker 1"}: Drain is blocked pods=2 reason=pdb',
    },
    { format: 'compact', ansi: false, line: '2026-01-05T00:00:00.000Z  WARN agent: Drain is blocked pods=2 reason=pdb node="worker 1"' },
    {
      format: 'pretty',
      ansi: false,
      line: '  2026-01-05T00:00:00.000Z  WARN agent: Drain is blocked, pods: 2, reason: pdb\n    with node: "worker 1"\n',
    },
    {
      format: 'json',
      ansi: true,
      line: '{"timestamp":"2026-01-05T00:00:00.000Z","level":"WARN","fields":{"message":"Drain is blocked","node":"worker 1","pods":2,"reason":"pdb"},"target":"agent"}',
    },
    {
      format: 'compact',
      ansi: true,
      line: '\u001b[2m2026-01-05T00:00:00.000Z\u001b[0m \u001b[33m WARN\u001b[0m \u001b[2magent:\u001b[0m Drain is blocked pods=2 reason=pdb node="worker 1"',
    },
  ] as const)('writes $format with colours $ansi', async ({ format, ansi, line }) => {
    expect(await linesOf(entry, { format, ansi })).toEqual([line]);
  });

  test.each([
    { level: 'debug', shown: ['DEBUG', 'INFO', 'WARN', 'ERROR'] },
    { level: 'info', shown: ['INFO', 'WARN', 'ERROR'] },
    { level: 'warn', shown: ['WARN', 'ERROR'] },
    { level: 'error', shown: ['ERROR'] },
    { level: 'off', shown: [] },
  ] as const)('at $level shows $shown', async ({ level, shown }) => {
    const lines = await linesOf(
      (log) => {
        log.debug('x');
        log.info('x');
        log.warn('x');
        log.error('x');
      },
      { level },
    );
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual(shown);
  });

  test('writes an entry as one line, whatever it contains', async () => {
    const lines = await linesOf((log) => {
      log.info('a\nb', { text: 'c\n2026-01-05 ERROR forged' });
    });
    expect(lines).toEqual(['2026-01-05T00:00:00.000Z  INFO agent: a b text="c\\n2026-01-05 ERROR forged"']);
  });

  test('never throws, whatever its fields are, and if writing fails', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const hostile = {
      get trap() {
        throw new Error('no');
      },
    };
    const fields = { circular, hostile, big: 1n, when: new Date(NaN), call: () => 1, set: new Set([1]), map: new Map([['k', 'v']]) };
    const lines = await linesOf((log) => {
      log.info('Odd', fields);
    });
    expect(lines).toHaveLength(1);
    const broken = createLogger({
      component: 'agent',
      level: 'info',
      format: 'json',
      ansi: false,
      now: () => NaN,
      write: () => undefined,
    });
    expect(() => {
      broken.info('x');
    }).not.toThrow();
  });
});
