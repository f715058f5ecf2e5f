import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { run } from './run.ts';
import type { Binaries } from './binaries.ts';
import { SANDBOX_IMAGE } from './node-config.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const BUILT = join(ROOT, 'dist/images');
// Each image, and each step of it, is reported as it is done.
const BUILD_SILENCE_MS = 20 * 60_000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Builds the operator's images. @returns their archives */
export async function buildOperatorImages(signal: AbortSignal): Promise<string[]> {
  await run('npx', ['nx', 'run-many', '-t', 'image', '--outputStyle=stream'], {
    cwd: ROOT,
    timeoutMs: Infinity,
    silenceMs: BUILD_SILENCE_MS,
    signal,
  });
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  return ['agent', 'apiserver', 'controller'].map((app) => join(BUILT, `${app}-${architecture}.tar`));
}

/** Builds the image of pod sandboxes and of the tests' own pods. @returns the path of its archive */
export function buildTestImage({ testpod }: Binaries, directory: string): Promise<string> {
  return buildImage(directory, {
    tag: SANDBOX_IMAGE,
    programs: { '/testpod': testpod },
    instructions: ['USER 65532', 'ENTRYPOINT ["/testpod"]'],
  });
}

/** Builds Prometheus' image as its makers do, under their name: a manifest that names it runs as it is. @returns the path of its archive */
export function buildPrometheusImage({ prometheus }: Binaries, directory: string, tag: string): Promise<string> {
  return buildImage(directory, {
    tag,
    programs: { '/bin/prometheus': prometheus },
    instructions: [
      'USER nobody',
      'WORKDIR /prometheus',
      'ENTRYPOINT ["/bin/prometheus"]',
      'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
    ],
  });
}

interface Image {
  readonly tag: string;
  /** Programs of this machine, by where they are in the image. */
  readonly programs: Readonly<Record<string, string>>;
  /** What its Containerfile says beyond them. */
  readonly instructions: readonly string[];
}

async function buildImage(directory: string, { tag, programs, instructions }: Image): Promise<string> {
  const name = tag.replaceAll(/[^a-z0-9.]/g, '-');
  const work = join(directory, name);
  const archive = join(directory, `${name}.tar`);
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs'];
  await mkdir(work, { recursive: true });
  try {
    await Promise.all(Object.values(programs).map((program) => copyFile(program, join(work, basename(program)))));
    const copies = Object.entries(programs).map(([place, program]) => `COPY ${basename(program)} ${place}`);
    await writeFile(join(work, 'Containerfile'), `${['FROM scratch', ...copies, ...instructions].join('\n')}\n`);
    await run('buildah', [...store, 'bud', '--quiet', '--isolation', 'chroot', '--tag', tag, work], { timeoutMs: 300_000 });
    await run('buildah', [...store, 'push', '--quiet', tag, `oci-archive:${archive}:${tag}`], { timeoutMs: 300_000 });
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
