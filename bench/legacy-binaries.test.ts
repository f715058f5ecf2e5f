import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@brupop/simulator';
import { findLegacy } from './legacy-binaries.ts';
import type { Machine } from './legacy-binaries.ts';

const MACHINE: Machine = { platform: 'linux', uid: 0, mountProblem: () => undefined, listenProblem: () => Promise.resolve(undefined) };
let directory: string;

async function aFolder(name: string, files: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(join(directory, name));
  for (const [file, mode] of Object.entries(files)) await writeFile(join(directory, name, file), '', { mode });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'legacy-'));
  await aFolder('whole', { agent: 0o755, apiserver: 0o755, controller: 0o755 });
  await aFolder('missing', { agent: 0o755, controller: 0o755 });
  await aFolder('unexecutable', { agent: 0o755, apiserver: 0o755, controller: 0o644 });
  await aFolder('folders', {});
  await mkdir(join(directory, 'folders/agent'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('findLegacy', () => {
  test.each([undefined, ''])('returns undefined if LEGACY_BIN is %p', async (value) => {
    expect(await findLegacy(value, MACHINE)).toBeUndefined();
  });

  test('finds the three files', async () => {
    const whole = join(directory, 'whole');
    const files = { agent: join(whole, 'agent'), apiserver: join(whole, 'apiserver'), controller: join(whole, 'controller') };
    expect(await findLegacy(whole, MACHINE)).toEqual(files);
  });

  test.each([
    { name: 'a file that is missing', folder: 'missing', machine: MACHINE, problem: /^LEGACY_BIN: expected .*: there is no .*apiserver$/ },
    { name: 'a file that may not be run', folder: 'unexecutable', machine: MACHINE, problem: /controller is not executable$/ },
    { name: 'a folder in place of a file', folder: 'folders', machine: MACHINE, problem: /agent is no file$/ },
    { name: 'a system without mount namespaces', folder: 'whole', machine: { ...MACHINE, platform: 'darwin' as const }, problem: /Linux is needed; this is darwin$/ },
    { name: 'a user who is not root', folder: 'whole', machine: { ...MACHINE, uid: 1000 }, problem: /as root$/ },
    { name: 'a machine that does not let root mount', folder: 'whole', machine: { ...MACHINE, mountProblem: () => 'mount: permission denied' }, problem: /: mount: permission denied$/ },
    { name: 'a port that is taken', folder: 'whole', machine: { ...MACHINE, listenProblem: ({ port }: Endpoint) => Promise.resolve(port === 8080 ? 'EADDRINUSE' : undefined) }, problem: /0\.0\.0\.0:8080 for itself: EADDRINUSE$/ },
  ])('reports $name', async ({ folder, machine, problem }) => {
    await expect(findLegacy(join(directory, folder), machine)).rejects.toThrow(problem);
  }); // prettier-ignore
});
