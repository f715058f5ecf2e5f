import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mustRun } from './run.ts';
import { libraries, manifestOf, ROOT } from './workspace.ts';
import type { Manifest } from './workspace.ts';
import { copyWorkspace } from './workspace-copy.ts';

/** A library as it would be published. */
export interface Tarball {
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
  readonly files: readonly string[];
}

const COMPILER = join(ROOT, 'node_modules/@typescript/native/bin/tsc');

/**
 * Packs every library, which builds it from scratch. This happens in a copy, so that leftovers of earlier builds are not packed, and
 * concurrent builds do not interfere.
 * @param into an empty folder
 */
export async function packLibraries(into: string): Promise<Tarball[]> {
  const folders = libraries().map(({ folder }) => folder);
  await copyWorkspace(into);
  const paths = folders.map((folder) => join(into, 'libs', folder));
  // The output of scripts must not end up in the JSON.
  const packed = await mustRun('npm', ['pack', '--json', '--foreground-scripts=false', '--pack-destination', into, ...paths], {
    cwd: into,
  });
  const reports = JSON.parse(packed) as { name: string; filename: string; files: { path: string }[] }[];
  return folders.map((folder) => {
    const manifest = manifestOf(join(into, 'libs', folder));
    const report = reports.find(({ name }) => name === manifest.name);
    if (report === undefined) throw new Error(`npm pack made no tarball of ${manifest.name}`);
    return { folder, path: join(into, basename(report.filename)), manifest, files: report.files.map(({ path }) => path) };
  });
}

/** Creates a project outside of any workspace, with the tarballs installed. @param into an empty folder */
export async function createConsumer(into: string, tarballs: readonly Tarball[]): Promise<void> {
  const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const types = root.devDependencies?.['@types/node'] ?? '*';
  await writeJson(join(into, 'package.json'), {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(tarballs.map(({ manifest, path }) => [manifest.name, `file:${path}`])),
    devDependencies: { '@types/node': types },
  });
  const { module, ...strict } = { module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  await writeJson(join(into, 'tsconfig.json'), {
    compilerOptions: { module, moduleResolution: module, target: 'es2024', types: ['node'], noEmit: true, skipLibCheck: false, ...strict },
    include: ['*.ts'],
  });
  // npm's cache contains the packages of the workspace; only missing ones come from the registry.
  await mustRun('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: into });
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The names of all packages that come with a package of the consumer, its own name left out. */
export async function dependenciesOf(consumer: string, name: string): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(consumer, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const found = new Set<string>();
  const visit = (path: string): void => {
    for (const dependency of Object.keys(lock.packages[path]?.dependencies ?? {})) {
      const resolved = resolveFrom(path, dependency, lock.packages);
      if (found.has(resolved)) continue;
      found.add(resolved);
      visit(resolved);
    }
  };
  visit(`node_modules/${name}`);
  return [...found].map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)).sort();
}

/** Where Node.js finds a dependency of the package at `path`: in its own `node_modules`, or in that of a folder above. */
function resolveFrom(path: string, dependency: string, packages: Readonly<Record<string, LockedPackage>>): string {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${dependency}`;
    if (packages[candidate] !== undefined) return candidate;
    if (folder === '') throw new Error(`${dependency}, which ${path} needs, is not installed`);
  }
}

/** Compiles the consumer's programs, and every declaration that they reach. @throws Error with the compiler's output */
export async function checkTypes(consumer: string): Promise<void> {
  await mustRun(process.execPath, [COMPILER, '-p', consumer], { cwd: consumer });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
