import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Benchmark, Row } from './benchmark.ts';

const TOOL = resolve(import.meta.dirname, '../tools/images/src/main.ts');
const NAMES = ['agent', 'apiserver', 'controller', 'operator'];
const STARTS = { full: 7, smoke: 1 };
const MB = 1_000_000;
/** Grows only with Node.js itself: our part is a hundredth of it. */
const MOST_MB = 60;

/** The download size of the images, and the start of their processes. */
export const images: Benchmark = {
  run: async ({ smoke }) => {
    const rows: Row[] = [];
    for (const name of NAMES) rows.push(...(await describe(name, smoke ? STARTS.smoke : STARTS.full)));
    return rows;
  },
};

async function describe(name: string, starts: number): Promise<Row[]> {
  const root = await mkdtemp(join(tmpdir(), 'bp-'));
  try {
    // Other users than the owner must be able to enter it.
    await chmod(root, 0o755);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@brupop/source', TOOL, 'describe', name, root], { encoding: 'utf8' });
    if (status !== 0) return [{ what: `${name}: ${stderr.trim().split('\n')[0]?.replace(/^.*\/dist\//, 'dist/') ?? 'no image'}`, unit: '', ours: [] }];
    const { compressedBytes, unpackedBytes, user } = JSON.parse(stdout) as { readonly compressedBytes: number; readonly unpackedBytes: number; readonly user: string };
    const sizes: Row[] = [
      { what: `${name}, compressed`, unit: 'MB', ours: [compressedBytes / MB], gate: { atMost: MOST_MB, ofRatio: false } },
      { what: `${name}, unpacked`, unit: 'MB', ours: [unpackedBytes / MB] },
    ];
    if (name === 'operator') return sizes;
    if (process.getuid?.() !== 0) return [...sizes, { what: `${name}, start: only root may change root`, unit: '', ours: [] }];
    const [cold, warm]: [number[], number[]] = [[], []];
    for (let at = 0; at < starts; at++) {
      dropFromCache(root);
      cold.push(await start(root, name, user));
      warm.push(await start(root, name, user));
    }
    return [...sizes, { what: `${name}, start, cold`, unit: 'ms', ours: cold }, { what: `${name}, start, warm`, unit: 'ms', ours: warm }];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
} // prettier-ignore

/** @returns milliseconds until the process has reported the missing configuration */
function start(root: string, app: string, user: string): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('chroot', [`--userspec=${user}`, root, `/app/${app}`], { env: { PATH: process.env['PATH'] }, stdio: 'ignore' });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 2) resolve(performance.now() - startedMs);
      else reject(new Error(`${app} ended with ${String(code)} where it lacks its configuration`));
    });
  });
}

function dropFromCache(root: string): void {
  const files = execFileSync('find', [root, '-type', 'f', '-size', '+64k'], { encoding: 'utf8' }).trim().split('\n');
  execFileSync('sync', files);
  for (const file of files) execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}
