import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mustRun } from './run.ts';
import { manifestOf, projectsIn, ROOT } from './workspace.ts';
import type { Library, Manifest } from './workspace.ts';
import { copyWorkspace } from './workspace-copy.ts';

const released = [...projectsIn('libs'), ...projectsIn('apps')];
const unreleased = projectsIn('tools');

let clone: string;

const git = (...args: readonly string[]): Promise<string> => mustRun('git', args, { cwd: clone });

/** `nx release` as a maintainer runs it, without the upload. */
const release = (...args: readonly string[]): Promise<string> =>
  mustRun(process.execPath, [join(ROOT, 'node_modules/nx/dist/bin/nx.js'), 'release', '--skip-publish', ...args], {
    cwd: clone,
    env: releaseEnv,
  });

// Without the variables of the Nx that runs these tests.
const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_'));
const releaseEnv: NodeJS.ProcessEnv = { ...Object.fromEntries(outside), CI: 'true', NO_COLOR: '1', NX_DAEMON: 'false', NX_TUI: 'false' };

const inClone = ({ path }: Library): Manifest => manifestOf(join(clone, path.slice(ROOT.length + 1)));

/** Versions that differ from those of the workspace, by project. */
const bumped = (): Record<string, string> =>
  Object.fromEntries(
    released.flatMap((project) =>
      inClone(project).version === project.manifest.version ? [] : [[project.folder, inClone(project).version]],
    ),
  );

/** Dependencies that no project of the clone satisfies. */
function unfulfilled(): string[] {
  const projects = [...released, ...unreleased].map(inClone);
  const versions = new Map(projects.map(({ name, version }) => [name, version]));
  return projects.flatMap(({ name, dependencies, devDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies })
      .filter(([needed, range]) => versions.has(needed) && range !== '*' && range !== versions.get(needed))
      .map(([needed, range]) => `${name} needs ${needed}@${range}`),
  );
}

const versionAfter = (version: string, bump: 'minor' | 'patch'): string => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return bump === 'minor' ? [major, minor + 1, 0].join('.') : [major, minor, patch + 1].join('.');
};

const versionOf = (folder: string): string => released.find((project) => project.folder === folder)?.manifest.version ?? '';

beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'bp-'));
  await copyWorkspace(clone);
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'A Developer');
  await git('config', 'user.email', 'developer@example.com');
  // Changelogs list the commits after the first one.
  await git('commit', '--quiet', '--allow-empty', '--message=chore: nothing yet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=feat: begin');
});

afterAll(() => rm(clone, { recursive: true, force: true, maxRetries: 3 }));

describe('nx release', () => {
  test('previews a first release of every package without the option --first-release', async () => {
    const shown = await release('--dry-run');
    for (const { folder, path, manifest } of released) {
      const changelog = `${path.slice(ROOT.length + 1)}/CHANGELOG.md`;
      expect(shown).toContain(`Previewing an entry in ${changelog} for ${folder}@${versionAfter(manifest.version, 'patch')}`);
    }
    expect(await git('status', '--porcelain')).toBe('');
  });

  test('releases changed packages and their dependents, with changelogs, and moves the pins', async () => {
    for (const { folder, manifest } of released) await git('tag', `${folder}@${manifest.version}`);
    await appendFile(join(clone, 'libs/drain/src/index.ts'), '// Changed.\n');
    await git('commit', '--quiet', '--all', '--message=feat(drain)!: evict in another order');

    await release();

    const drain = versionAfter(versionOf('drain'), 'minor');
    const apiserver = versionAfter(versionOf('apiserver'), 'patch');
    expect(bumped()).toEqual({ drain, apiserver });
    expect(unfulfilled()).toEqual([]);
    expect((await git('tag', '--points-at', 'HEAD')).trim().split('\n')).toEqual([`apiserver@${apiserver}`, `drain@${drain}`]);
    const changelog = (path: string): Promise<string> => readFile(join(clone, path, 'CHANGELOG.md'), 'utf8');
    expect(await changelog('libs/drain')).toMatch(/Breaking Changes\s+- \*\*drain:\*\* evict in another order/);
    expect(await changelog('apps/apiserver')).toContain(`Updated drain to ${drain}`);
    const lock = JSON.parse(await readFile(join(clone, 'package-lock.json'), 'utf8')) as { packages: Record<string, Manifest> };
    expect(lock.packages['libs/drain']?.version).toBe(drain);
    expect(lock.packages['apps/apiserver']?.dependencies?.['@brupop/drain']).toBe(drain);
  });
});
