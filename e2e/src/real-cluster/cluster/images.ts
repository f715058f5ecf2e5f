import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './run.ts';
import type { Binaries } from './binaries.ts';
import { SANDBOX_IMAGE } from './node-config.ts';

const BUILT = resolve(import.meta.dirname, '../../../../dist/images');
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Archives of the operator's images, as `nx run-many -t image` has built them. */
export function operatorImages(): string[] {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  return ['agent', 'apiserver', 'controller'].map((app) => join(BUILT, `${app}-${architecture}.tar`));
}

/** Builds the image of pod sandboxes and of the tests' own pods. @returns the path of its archive */
export async function buildTestImage({ testpod }: Binaries, directory: string): Promise<string> {
  const work = join(directory, 'testpod');
  const archive = join(directory, 'testpod.tar');
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs'];
  await mkdir(work, { recursive: true });
  try {
    await copyFile(testpod, join(work, 'testpod'));
    await writeFile(join(work, 'Containerfile'), 'FROM scratch\nCOPY testpod /testpod\nUSER 65532\nENTRYPOINT ["/testpod"]\n');
    await run('buildah', [...store, 'bud', '--quiet', '--isolation', 'chroot', '--tag', SANDBOX_IMAGE, work], { timeoutMs: 300_000 });
    await run('buildah', [...store, 'push', '--quiet', SANDBOX_IMAGE, `oci-archive:${archive}:${SANDBOX_IMAGE}`], { timeoutMs: 300_000 });
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
