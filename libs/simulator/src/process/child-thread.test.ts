import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startThread } from './child-thread.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'thread-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function aThread(
  program: string,
): Promise<{ lines: string[]; exited: Promise<number>; stop: () => Promise<void>; said: Promise<string>; logFile: string }> {
  const file = join(directory, 'program.mjs');
  await writeFile(file, program);
  const logFile = join(directory, 'log');
  const lines: string[] = [];
  const [exit, line] = [Promise.withResolvers<number>(), Promise.withResolvers<string>()];
  const thread = startThread({
    file,
    env: { GREETING: 'hello' },
    logFile,
    onLine: (text) => {
      lines.push(text);
      line.resolve(text);
    },
    onExit: exit.resolve,
  });
  return { lines, exited: exit.promise, said: line.promise, stop: () => thread.stop('SIGTERM'), logFile };
}

describe(startThread, () => {
  test('it has its own environment, and ends with its own exit code', async () => {
    const { exited, lines, logFile } = await aThread('console.log(Object.entries(process.env).join()); process.exitCode = 3;');
    await expect(exited).resolves.toBe(3);
    expect(lines).toEqual(['GREETING,hello']);
    await expect(readFile(logFile, 'utf8')).resolves.toBe('GREETING,hello\n');
  });

  test('a program that waits ends when it is stopped', async () => {
    const { said, stop, exited } = await aThread('console.log("up"); setInterval(() => undefined, 1_000);');
    await said;
    await stop();
    await expect(exited).resolves.toBe(1);
  });

  test('a program that throws ends with an error in its log', async () => {
    const { exited, logFile } = await aThread('throw new Error("no such thing");');
    await expect(exited).resolves.toBe(1);
    await expect(readFile(logFile, 'utf8')).resolves.toContain('no such thing');
  });
});
