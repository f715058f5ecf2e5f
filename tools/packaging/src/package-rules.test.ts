import { describe, expect, test } from '@jest/globals';
import type { PackedLibrary, WorkspaceFacts } from './package-rules.ts';
import { packageProblems } from './package-rules.ts';
import type { Manifest } from './workspace.ts';

const FACTS: WorkspaceFacts = {
  license: 'MIT',
  repository: 'git+https://example.com/brupop.git',
  versions: new Map([['@brupop/ports', '0.3.0']]),
  licenceFiles: ['LICENSE-MIT'],
};

const FILES = ['package.json', 'README.md', 'LICENSE-MIT', 'dist/index.js', 'dist/index.d.ts'];

function aLibrary(changes: Partial<Manifest> = {}, files: readonly string[] = FILES): PackedLibrary {
  const manifest: Manifest = {
    name: '@brupop/drain',
    version: '0.1.0',
    description: 'Drains nodes',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22' },
    repository: { type: 'git', url: FACTS.repository, directory: 'libs/drain' },
    dependencies: { '@brupop/ports': '0.3.0', winston: '3.19.0' },
    ...changes,
  };
  return { folder: 'drain', manifest, files };
}

describe('packageProblems', () => {
  test.each([
    { name: 'a good package has no problems', library: aLibrary(), problems: [] },
    {
      name: 'a private package cannot be published',
      library: aLibrary({ private: true }),
      problems: ['private: expected a package that can be published'],
    },
    {
      name: 'a package has a description',
      library: aLibrary({ description: '' }),
      problems: ['description: expected a sentence, got nothing'],
    },
    { name: 'all have the same licence', library: aLibrary({ license: 'ISC' }), problems: ['license: expected "MIT", got "ISC"'] },
    { name: 'importing has no effect', library: aLibrary({ sideEffects: true }), problems: ['sideEffects: expected false, got true'] },
    {
      name: 'a package names its repository',
      library: aLibrary({ repository: { type: 'git', url: FACTS.repository, directory: 'libs/ports' } }),
      problems: ['repository.directory: expected "libs/drain", got "libs/ports"'],
    },
    {
      name: 'another library is required at its current version',
      library: aLibrary({ dependencies: { '@brupop/ports': '0.2.0' } }),
      problems: ['dependency @brupop/ports: expected "0.3.0", got "0.2.0"'],
    },
    {
      name: 'third-party dependencies are pinned',
      library: aLibrary({ dependencies: { winston: '^3.0.0' } }),
      problems: ['dependency winston: expected an exact version, got "^3.0.0"'],
    },
    {
      name: 'licence, README, code and types are packed',
      library: aLibrary({}, ['package.json', 'dist/index.js']),
      problems: ['README.md', 'dist/index.d.ts', 'LICENSE-MIT'].map((file) => `${file}: expected to be packed`),
    },
    {
      name: 'tests, fixtures, sources and build state are not packed',
      library: aLibrary({}, [
        ...FILES,
        'dist/a.test.js',
        'dist/a.fixture.js',
        'dist/testing/a.js',
        'src/index.ts',
        'dist/tsconfig.tsbuildinfo',
      ]),
      problems: ['dist/a.test.js', 'dist/a.fixture.js', 'dist/testing/a.js', 'src/index.ts', 'dist/tsconfig.tsbuildinfo'].map(
        (file) => `${file}: expected not to be packed`,
      ),
    },
  ])('$name', ({ library, problems }) => {
    expect(packageProblems(library, FACTS)).toEqual(problems);
  });
});
