import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const DEADLINE_MS = 60_000;

let folder: string;
let demo: ChildProcess;
let output: string;
let ended: Promise<number | null>;

beforeEach(() => {
  // A short path, for the unix sockets in it.
  folder = mkdtempSync(join(tmpdir(), 'd-'));
  const main = join(import.meta.dirname, 'main.ts');
  const args = ['--conditions=@brupop/source', main, '--nodes', '2'];
  // Its own process group, as a shell creates for each job: Ctrl-C signals all of it.
  demo = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], TMPDIR: folder }, detached: true });
  output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream?.on('data', (piece: Buffer) => (output += piece.toString('utf8')));
  ended = new Promise((resolve) => demo.once('close', resolve));
});

afterEach(() => {
  for (const pid of [...processesOf(folder), demo.pid ?? 0]) if (pid !== 0) endForGood(pid);
  rmSync(folder, { recursive: true, force: true });
});

function endForGood(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has already ended, as expected.
  }
}

/** Processes with a path below `directory` in their command line or environment. */
function processesOf(directory: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const texts = ['cmdline', 'environ'].map((file) => readFileSync(join('/proc', name, file), 'utf8'));
      return texts.some((text) => text.includes(directory)) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + DEADLINE_MS;
  while (!condition() && Date.now() < giveUpAt && demo.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
}

function signal(name: NodeJS.Signals, { pid } = demo): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has already ended.
  }
}

describe('an interrupted demo', () => {
  const cases: { name: string; when: () => boolean; interrupt: () => void }[] = [
    {
      name: 'while it runs',
      when: () => readdirSync(folder).length > 0,
      interrupt: () => {
        signal('SIGINT');
      },
    },
    {
      name: 'while its processes start',
      when: () => processesOf(folder).length > 1,
      interrupt: () => {
        signal('SIGTERM');
      },
    },
    {
      name: 'in mid-update, twice',
      when: () => output.includes('StagedAndPerformedUpdate'),
      interrupt: () => {
        // The processes from before the interrupt count, not later ones.
        const interrupted = demo;
        signal('SIGINT');
        setTimeout(() => {
          signal('SIGINT', interrupted);
        }, 50);
      },
    },
    { name: 'when its output is closed', when: () => output.includes('Idle'), interrupt: () => demo.stdout?.destroy() },
  ];
  test.each(cases)(
    '$name leaves no process and no file',
    async ({ when, interrupt }) => {
      await until(when);
      expect(demo.exitCode).toBeNull();
      interrupt();
      expect(await ended).toBe(130);
      expect(processesOf(folder)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    },
    2 * DEADLINE_MS,
  );
});
