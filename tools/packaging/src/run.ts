import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How a program ended, and what it printed. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a command that must succeed; it gets no standard input, so that it cannot wait for answers.
 * @returns what it printed
 * @throws with all that it printed if it fails
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

/** A program to run until it ends, or until it has printed enough. */
export interface Program {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Once this is true of what it has printed, the program gets a SIGINT, as from a person at the keyboard. */
  readonly isEnough: (stdout: string) => boolean;
  /** Then it is killed, wherever it is. */
  readonly limitMs: number;
}

/** Runs a program on this very Node. */
export async function runProgram({ args, cwd, env, isEnough, limitMs }: Program): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let told = false;
  const outcome = await outcomeOf(child, (stdout) => {
    if (told || !isEnough(stdout)) return;
    told = true;
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
