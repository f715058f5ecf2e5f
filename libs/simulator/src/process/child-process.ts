import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** How to start one process of the operator. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output is appended to this file. */
  readonly logFile: string;
  readonly onLine: (line: string) => void;
  /** 128 + the signal's number if a signal ended it. */
  readonly onExit: (code: number) => void;
}

/** A running process of the operator. */
export interface Child {
  readonly pid: number | undefined;
  /** Sends the signal and resolves when the process has ended. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGKILL: 9, SIGTERM: 15 };

/** Starts a process whose output goes to a file and, line by line, to `onLine`. */
export function startChild({ command, args, env, logFile, onLine, onExit }: ChildOptions): Child {
  const log = createWriteStream(logFile, { flags: 'a' });
  const child: ChildProcess = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    let isOver = false;
    const end = (code: number): void => {
      if (isOver) return;
      isOver = true;
      log.end();
      resolve();
      onExit(code);
    };
    child.once('error', (error) => {
      log.write(`${error.message}\n`);
      end(127);
    });
    child.once('close', (code, signal) => {
      end(code ?? 128 + (signal === null ? 0 : (SIGNALS[signal] ?? 0)));
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      onLine(line);
    });
  }
  return {
    pid: child.pid,
    async stop(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
