import type { Manifest } from './workspace.ts';

/** A packed library: its packed manifest, and the paths of its files. */
export interface PackedLibrary {
  /** Such as `drain`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly string[];
}

/** What all packages of the workspace have in common. */
export interface WorkspaceFacts {
  readonly license: string;
  /** URL of the repository. */
  readonly repository: string;
  /** By name: the version of every library, and whether it is published. */
  readonly versions: ReadonlyMap<string, string>;
  /** The licence texts that each package must contain. */
  readonly licenceFiles: readonly string[];
}

type Rule = (library: PackedLibrary, facts: WorkspaceFacts) => readonly string[];

const RULES: readonly Rule[] = [describes, comesFromHere, dependsExactly, holdsTexts, holdsNoMore];

/** The problems of a packed library, beyond those that `publint` finds. */
export function packageProblems(library: PackedLibrary, facts: WorkspaceFacts): string[] {
  return RULES.flatMap((rule) => rule(library, facts));
}

function describes({ manifest }: PackedLibrary, { license }: WorkspaceFacts): readonly string[] {
  return [
    ...(manifest.private === true ? ['private: expected a package that can be published'] : []),
    ...((manifest.description ?? '') === '' ? ['description: expected a sentence, got nothing'] : []),
    ...expected('license', license, manifest.license),
    ...expected('type', 'module', manifest.type),
    // Bundlers can then drop what a program does not use.
    ...expected('sideEffects', false, manifest.sideEffects),
    ...(manifest.engines?.['node'] === undefined ? ['engines.node: expected a range, got nothing'] : []),
  ];
}

function comesFromHere({ folder, manifest: { repository } }: PackedLibrary, facts: WorkspaceFacts): readonly string[] {
  return [
    ...expected('repository.type', 'git', repository?.type),
    ...expected('repository.url', facts.repository, repository?.url),
    ...expected('repository.directory', `libs/${folder}`, repository?.directory),
  ];
}

// The libraries are tested together at exactly these versions; a release moves the pins.
function dependsExactly({ manifest }: PackedLibrary, { versions }: WorkspaceFacts): readonly string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(([name, version]) => {
    const ours = versions.get(name);
    if (ours !== undefined) return expected(`dependency ${name}`, ours, version);
    return /^\d+\.\d+\.\d+$/.test(version) ? [] : [`dependency ${name}: expected an exact version, got ${JSON.stringify(version)}`];
  });
}

function holdsTexts({ files }: PackedLibrary, { licenceFiles }: WorkspaceFacts): readonly string[] {
  return ['README.md', 'dist/index.js', 'dist/index.d.ts', ...licenceFiles]
    .filter((file) => !files.includes(file))
    .map((file) => `${file}: expected to be packed`);
}

function holdsNoMore({ files }: PackedLibrary): readonly string[] {
  const welcome = /^(package\.json|README\.md|CHANGELOG\.md|LICENSE-\w+|dist\/.+\.(js|d\.ts))$/;
  const forTests = /\.test\.|\.fixture\.|(^|\/)testing\//;
  return files.filter((file) => !welcome.test(file) || forTests.test(file)).map((file) => `${file}: expected not to be packed`);
}

function expected(field: string, want: unknown, got: unknown): readonly string[] {
  return want === got ? [] : [`${field}: expected ${JSON.stringify(want)}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`];
}
