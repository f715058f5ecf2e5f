import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Child, ChildOptions } from './child-process.ts';

/** What to run as a thread. */
export interface ThreadOptions extends Omit<ChildOptions, 'command' | 'args'> {
  /** The bundle. */
  readonly file: string;
}

/**
 * Starts a bundle as a thread of this process, which needs a fraction of a process's memory and time to start.
 * It has its own environment. Signals do not reach it: any signal ends it immediately.
 */
export function startThread({ file, env, logFile, onLine, onExit }: ThreadOptions): Child {
  const log = createWriteStream(logFile, { flags: 'a' });
  const worker = new Worker(file, { env: { ...env }, execArgv: [], stdout: true, stderr: true });
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      log.end(() => {
        resolve();
        onExit(code);
      });
    });
  });
  worker.once('error', (error) => {
    log.write(`${String(error)}\n`);
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (log.writable) log.write(`${line}\n`);
      onLine(line);
    });
  }
  return {
    pid: undefined,
    async stop() {
      await worker.terminate();
      await ended;
    },
  };
}
