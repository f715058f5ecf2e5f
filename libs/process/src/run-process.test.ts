import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { ConfigError } from './errors.ts';
import { runProcess } from './run-process.ts';
import type { ProcessHost } from './run-process.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

class FakeHost implements ProcessHost {
  readonly listeners = new Map<string, (argument: unknown) => void>();
  readonly exits: number[] = [];
  on(event: string, listener: (argument: unknown) => void): void {
    this.listeners.set(event, listener);
  }
  off(event: string): void {
    this.listeners.delete(event);
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  emit(event: string, argument: unknown = event): void {
    this.listeners.get(event)?.(argument);
  }
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

function start(main: (signal: AbortSignal) => Promise<void>, terminationLog?: string) {
  const host = new FakeHost();
  const clock = new VirtualClock();
  const log = memoryLogger();
  void runProcess(main, { log, host, clock, terminationLog });
  return { host, clock, log, messages: () => log.entries.map(({ level, message }) => `${level} ${message}`) };
}

describe(runProcess, () => {
  test.each(['SIGTERM', 'SIGINT'])('%s stops main and exits with 0', async (name) => {
    const { host, clock, messages } = start(untilAborted);
    host.emit(name);
    await clock.settle();
    expect([host.exits, messages(), host.listeners.size]).toEqual([[0], ['info Shutting down'], 0]);
  });

  test.each([
    { name: 'an error', main: () => Promise.reject(new Error('broken')), code: 1, message: 'error Exiting after an error', note: 'broken' },
    {
      name: 'an invalid configuration',
      main: () => Promise.reject(new ConfigError(['A: bad', 'B: worse'])),
      code: 2,
      message: 'error Invalid configuration',
      note: 'A: bad\nB: worse',
    },
    {
      name: 'an unexpected return of main',
      main: () => Promise.resolve(),
      code: 1,
      message: 'error Exiting',
      note: 'main returned unexpectedly',
    },
  ])('$name exits with $code, and writes the termination log', async ({ main, code, message, note }) => {
    const dir = mkdtempSync(join(tmpdir(), 'brupop-'));
    dirs.push(dir);
    const { host, clock, messages } = start(main, join(dir, 'note'));
    await clock.settle();
    expect([host.exits, messages()[0], readFileSync(join(dir, 'note'), 'utf8')]).toEqual([[code], message, note]);
  });

  test('an error during the shutdown exits with 1', async () => {
    const { host, clock } = start((signal) => untilAborted(signal).catch(() => Promise.reject(new Error('cannot stop'))));
    host.emit('SIGTERM');
    await clock.settle();
    expect(host.exits).toEqual([1]);
  });

  test('exits even if the termination log cannot be written', async () => {
    const { host, clock } = start(() => Promise.reject(new Error('broken')), '/nowhere/at/all');
    await clock.settle();
    expect(host.exits).toEqual([1]);
  });

  test('a shutdown that takes too long exits with 1', async () => {
    const { host, clock, messages } = start(() => new Promise(() => undefined));
    host.emit('SIGTERM');
    await clock.advance(24_999);
    expect(host.exits).toEqual([]);
    await clock.advance(1);
    expect([host.exits, messages().at(-1)]).toEqual([[1], 'error Exiting before the shutdown completed']);
  });

  test('a second signal exits immediately', async () => {
    const { host, clock } = start(() => new Promise(() => undefined));
    host.emit('SIGINT');
    host.emit('SIGINT');
    await clock.settle();
    expect(host.exits).toEqual([1]);
  });

  test.each(['uncaughtException', 'unhandledRejection'])('%s is logged and exits with 1', async (name) => {
    const { host, clock, log } = start(untilAborted);
    host.emit(name, new Error('bug'));
    await clock.settle();
    expect([host.exits, log.entries[0]?.fields]).toEqual([[1], { error: 'bug' }]);
  });
});
