import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeRootFiles } from './root-files.ts';
import type { RootFile } from './root-files.ts';
import { run } from './run.ts';
import type { Architecture } from './settings.ts';

// The name of the package is the same in the usual distributions.
const MISSING =
  'buildah is not installed. It builds images without a daemon. Install it with "apt-get install buildah" or "dnf install buildah".\n';

/** Options of `buildImage`. */
export interface Recipe {
  /** Name and tag of the image in its archive. */
  readonly name: string;
  readonly containerfile: string;
  readonly files: readonly RootFile[];
  /** An image of a registry, or `oci-archive:` and a path; undefined for `FROM scratch`. */
  readonly base: string | undefined;
  readonly architecture: Architecture;
  readonly epoch: number;
  /** Path of the archive to write. */
  readonly archive: string;
}

/** Why images cannot be built here; undefined if they can. */
export async function whyNoBuildah(): Promise<string | undefined> {
  return run('buildah', ['--version']).then(
    () => undefined,
    () => MISSING,
  );
}

/**
 * Builds an image into an OCI archive, in a temporary store.
 * @returns the digest of its manifest
 */
export async function buildImage({ name, containerfile, files, base, architecture, epoch, archive }: Recipe): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'brupop-image-'));
  // The vfs driver needs no privileges; a temporary store does not need a faster one.
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs'];
  const buildah = (command: string, ...args: string[]): Promise<string> =>
    run('buildah', [...store, command, ...args], { env: { TMPDIR: work } });
  try {
    const context = join(work, 'context');
    await writeRootFiles(join(context, 'rootfs'), files);
    await writeFile(join(context, 'Containerfile'), containerfile);
    await mkdir(dirname(archive), { recursive: true });
    await rm(archive, { force: true });
    const from = base === undefined ? [] : ['--build-arg', `BASE=${base}`];
    const platform = ['--arch', architecture, '--os', 'linux'];
    await buildah('bud', '--quiet', '--isolation', 'chroot', '--timestamp', String(epoch), ...platform, ...from, '--tag', name, context);
    const digest = join(work, 'digest');
    const layout = join(work, 'layout');
    await buildah('push', '--quiet', '--digestfile', digest, name, `oci:${layout}:${name}`);
    // Without it, buildah records the time at which it writes the archive.
    const always = ['--sort=name', `--mtime=@${String(epoch)}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
    await run('tar', ['--create', ...always, '--file', archive, '--directory', layout, 'blobs', 'index.json', 'oci-layout']);
    return (await readFile(digest, 'utf8')).trim();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
