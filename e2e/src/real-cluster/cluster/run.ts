import { execFile } from 'node:child_process';

/** How a command runs. */
export interface RunOptions {
  readonly cwd?: string;
  /** In addition to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * Runs a command to its end.
 * @returns what it printed to its standard output
 * @throws Error with what it printed to its standard error
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env, input, signal, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        encoding: 'utf8',
        maxBuffer: OUTPUT_LIMIT_BYTES,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        env: { ...process.env, ...env },
        ...(cwd === undefined ? {} : { cwd }),
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(new Error(`${[command, ...args].join(' ')}: ${stderr.trim() === '' ? error.message : stderr.trim()}`, { cause: error }));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}
