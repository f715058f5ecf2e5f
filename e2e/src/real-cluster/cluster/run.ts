import { spawn } from 'node:child_process';
import { systemClock } from '@brupop/ports';
import type { Clock } from '@brupop/ports';

/** How a command runs. */
export interface RunOptions {
  readonly cwd?: string;
  /** In addition to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** One minute by default; `Infinity`: no limit. */
  readonly timeoutMs?: number;
  /** The longest time in which it may print nothing; by default it may be silent to its end. */
  readonly silenceMs?: number;
  /** By default the system's. */
  readonly clock?: Clock;
}

const TIMEOUT_MS = 60_000;
/** After it is asked to end. */
const GRACE_MS = 5_000;
const TAIL_LENGTH = 4_000;

/**
 * Runs a command to its end in its own process group: on a timeout, or when `signal` aborts, all of its processes are ended.
 * @returns its standard output
 * @throws Error with its standard error, or else the end of its output
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env, input = '', signal, timeoutMs = TIMEOUT_MS, silenceMs = Infinity, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { detached: true, env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) });
    const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let complaint: unknown;
    let late: NodeJS.Timeout | undefined;
    const end = (why: unknown): void => {
      complaint ??= why;
      killGroup(child.pid, 'SIGTERM');
      late ??= setTimeout(() => {
        killGroup(child.pid, 'SIGKILL');
      }, GRACE_MS);
    };
    const stop = (): void => {
      end(signal?.reason);
    };
    const after = (limitMs: number, why: string): (() => void) =>
      limitMs === Infinity
        ? () => undefined
        : clock.setTimer(limitMs, () => {
            end(why);
          });
    const stopTimer = after(timeoutMs, `took longer than ${timeoutMs / 1000} s`);
    const listen = (): (() => void) => after(silenceMs, `printed nothing for ${silenceMs / 1000} s`);
    let stopListening = listen();
    signal?.addEventListener('abort', stop, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (piece: Buffer) => {
        printed[name].push(piece);
        stopListening();
        stopListening = listen();
      });
    }
    child.on('error', (error) => {
      complaint ??= error;
    });
    child.on('close', (code, killedBy) => {
      stopTimer();
      stopListening();
      clearTimeout(late);
      signal?.removeEventListener('abort', stop);
      if (code === 0 && complaint === undefined) {
        resolve(Buffer.concat(printed.stdout).toString());
        return;
      }
      const text = Buffer.concat(printed.stderr).toString().trim() || Buffer.concat(printed.stdout).toString().trim().slice(-TAIL_LENGTH);
      const why = [complaint ?? (text === '' ? `ended with ${killedBy ?? `code ${code}`}` : ''), text].filter((part) => part !== '');
      reject(new Error(`${[command, ...args].join(' ')}: ${why.map(String).join('; ')}`, { cause: complaint }));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
