import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Exit code and output of a program. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a command that must succeed, without standard input, so that it cannot wait for answers.
 * @returns its output
 * @throws Error with its output if it fails
 */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { stdout, stderr, exitCode } = await outcomeOf(spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
  if (exitCode !== 0) throw new Error(`${[command, ...args].join(' ')} failed\n${stdout}\n${stderr}`);
  return stdout;
}

/** A program to run until it ends, or until its output suffices. */
export interface Program {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** When it returns true for the output so far, the program gets a SIGINT, like from a keyboard. */
  readonly isEnough: (stdout: string) => boolean;
  /** Timeout after which the program is killed. */
  readonly limitMs: number;
}

/** Runs a program with this Node.js binary. */
export async function runProgram({ args, cwd, env, isEnough, limitMs }: Program): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let interrupted = false;
  const outcome = await outcomeOf(child, (stdout) => {
    if (interrupted || !isEnough(stdout)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  clearTimeout(limit);
  return outcome;
}

function outcomeOf(child: ChildProcessByStdio<null, Readable, Readable>, onStdout?: (soFar: string) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onStdout?.(stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({ stdout, stderr, exitCode, signal });
    });
  });
}
