import { spawn } from 'node:child_process';

/** How a command runs. */
export interface RunOptions {
  readonly cwd?: string;
  /** In addition to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** After it is asked to end. */
const GRACE_MS = 5_000;
const TAIL_LENGTH = 4_000;

/**
 * Runs a command to its end, in a process group of its own: when it takes too long, or `signal` aborts, whatever it has started ends with it.
 * @returns what it printed to its standard output
 * @throws Error with what it printed to its standard error, or else the end of what it printed
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env, input = '', signal, timeoutMs = TIMEOUT_MS } = options;
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
    const timer = setTimeout(() => {
      end(`took longer than ${timeoutMs / 1000} s`);
    }, timeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', (piece: Buffer) => printed.stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => printed.stderr.push(piece));
    child.on('error', (error) => {
      complaint ??= error;
    });
    child.on('close', (code, killedBy) => {
      clearTimeout(timer);
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
