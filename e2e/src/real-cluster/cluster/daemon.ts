import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { procsFiles } from './cgroups.ts';

/** What to start. */
export interface DaemonOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Gets what it prints, after what is there. */
  readonly logPath: string;
  /** The cgroup it runs in, by which whatever it leaves can be found. */
  readonly cgroup: string;
}

const STOP_MS = 10_000;
// Enters its cgroup before it starts anything, and dies with this process, however this one ends.
const ENTER =
  'until=$1; shift; while [ "$until" -gt 0 ]; do echo $$ >"$1" || exit 1; shift; until=$((until - 1)); done; exec setpriv --pdeathsig KILL -- "$@"';

/** A process that runs until it is stopped. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #options: DaemonOptions;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const files = procsFiles(options.cgroup);
    const log = openSync(options.logPath, 'a');
    // A session of its own: Ctrl-C in the terminal is for this process, which then stops the daemon in good order.
    this.#child = spawn('sh', ['-c', ENTER, 'sh', String(files.length), ...files, options.command, ...options.args], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.once('error', () => {
        resolve();
      });
    });
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#options.command} did not start`);
    return this.#child.pid;
  }

  /** Stops it in good order; kills it if that takes too long. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(late);
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** First processes of the PID namespaces that the daemon has made. */
  async firstProcesses(): Promise<number[]> {
    const children = this.isRunning ? await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').catch(() => '') : '';
    return children
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number);
  }

  /**
   * Kills the first process of the PID namespace that the daemon has made, and with it every process in there.
   * The daemon, which waits for that process, ends when the last of them is gone.
   */
  async killNamespace(): Promise<void> {
    const first = await this.firstProcesses();
    for (const pid of first) process.kill(pid, 'SIGKILL');
    if (first.length === 0) await this.kill();
    await this.#ended;
  }
}
