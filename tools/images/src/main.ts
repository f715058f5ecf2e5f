import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { readArchive } from './archive.ts';
import { buildImage, whyNoBuildah } from './buildah.ts';
import { componentFiles } from './bundle.ts';
import { containerfile, IMAGES } from './image.ts';
import type { Image } from './image.ts';
import { imageName, versionOf } from './names.ts';
import { run } from './run.ts';
import { parseBuildSettings } from './settings.ts';
import type { BuildSettings } from './settings.ts';
import { standInFiles } from './stand-in.ts';

const root = resolve(import.meta.dirname, '../../..');
const output = join(root, 'dist/images');

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...rest]: readonly string[]): Promise<number> {
  const parsed = parseBuildSettings(process.env, process.arch);
  if (name === 'describe' && parsed.ok) return await describe(rest, parsed.settings);
  const image = IMAGES.find((known) => known.name === name);
  if (image === undefined && name !== 'base')
    return fail(
      2,
      `usage: images ${IMAGES.map((known) => known.name).join('|')}|base, or images describe <image> [<folder to unpack it into>]\n`,
    );
  if (!parsed.ok) return fail(2, parsed.problems.map((problem) => `${problem}\n`).join(''));
  const missing = await whyNoBuildah();
  if (missing !== undefined) return fail(3, missing);
  const epoch = parsed.settings.epoch ?? (await commitTime());
  if (image !== undefined) await buildComponents(image, parsed.settings, epoch);
  else if (parsed.settings.base === undefined) await buildStandIn(parsed.settings);
  else
    process.stdout.write(`BASE_IMAGE is ${parsed.settings.base}, so no stand-in base is needed.
  `);
  return 0;
}

/** Prints the content of a built image as JSON. */
async function describe([name = '', root]: readonly string[], { architecture }: BuildSettings): Promise<number> {
  const archive = join(output, `${name}-${architecture}.tar`);
  if (!existsSync(archive)) return fail(3, `${archive} is missing: run npx nx run-many -t image\n`);
  const { compressedBytes, unpackedBytes, config } = await readArchive(archive, root);
  process.stdout.write(`${JSON.stringify({ compressedBytes, unpackedBytes, user: config.config.User })}\n`);
  return 0;
}

async function buildComponents(image: Image, settings: BuildSettings, epoch: number): Promise<void> {
  const name = imageName(image.name, parseEnv(await readFile(join(root, '.env'), 'utf8')));
  const version = versionOf(name);
  const revision = await run('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], { cwd: root }).catch(
    () => undefined,
  );
  const files = await Promise.all(image.components.map((component) => componentFiles(root, component, settings.node)));
  const licences = ['LICENSE-APACHE', 'LICENSE-MIT'].map((file) => ({
    path: `/usr/share/licenses/brupop/${file}`,
    from: join(root, file),
    mode: 0o644,
  }));
  const base = settings.base ?? `oci-archive:${standInArchive(settings)}`;
  await build({
    name,
    containerfile: containerfile(image, { version, revision: revision?.trim(), epoch, base: settings.base ?? 'stand-in' }),
    files: [...files.flat(), ...licences],
    base,
    architecture: settings.architecture,
    epoch,
    archive: join(output, `${image.name}-${settings.architecture}.tar`),
  });
}

async function buildStandIn(settings: BuildSettings): Promise<void> {
  await build({
    name: 'localhost/brupop-base:stand-in',
    containerfile: 'FROM scratch\nCOPY --chown=0:0 rootfs/ /\n',
    files: await standInFiles(process.execPath),
    base: undefined,
    architecture: settings.architecture,
    // The same for all commits, so that a node keeps this layer from one version of the operator to the next.
    epoch: settings.epoch ?? 0,
    archive: standInArchive(settings),
  });
}

async function build(recipe: Parameters<typeof buildImage>[0]): Promise<void> {
  await mkdir(output, { recursive: true });
  const digest = await buildImage(recipe);
  const { compressedBytes, unpackedBytes } = await readArchive(recipe.archive);
  await writeFile(`${recipe.archive}.digest`, `${digest}\n`);
  process.stdout.write(
    `${recipe.name} (${recipe.architecture}): ${megabytes(compressedBytes)} compressed, ${megabytes(unpackedBytes)} unpacked, ${digest}\n`,
  );
}

function standInArchive({ architecture }: BuildSettings): string {
  return join(output, `base-${architecture}.tar`);
}

async function commitTime(): Promise<number> {
  const text = await run('git', ['log', '-1', '--format=%ct'], { cwd: root }).catch(() => '0');
  return Number(text.trim());
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function fail(code: number, message: string): number {
  process.stderr.write(message);
  return code;
}
