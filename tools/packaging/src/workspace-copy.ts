import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mustRun } from './run.ts';
import { ROOT } from './workspace.ts';

const SCOPE = '@brupop';

/**
 * Copies the files of the workspace that git tracks, or would add, but no build output. Third-party packages are shared with the workspace;
 * those of the workspace itself are copied.
 * @param into an empty folder
 */
export async function copyWorkspace(into: string): Promise<void> {
  const listed = await mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], { cwd: ROOT });
  const files = listed.split('\0').filter((file) => file !== '');
  for (const file of files) await cp(join(ROOT, file), join(into, file)).catch(ignoreDeleted);
  const projects = files
    .filter((file) => /^(\w+\/)?[\w-]+\/package\.json$/.test(file))
    .map((file) => file.slice(0, -'/package.json'.length));
  const modules = join(into, 'node_modules');
  await mkdir(join(modules, SCOPE), { recursive: true });
  const others = (await readdir(join(ROOT, 'node_modules'))).filter((name) => name !== SCOPE);
  await Promise.all([
    ...others.map((name) => symlink(join(ROOT, 'node_modules', name), join(modules, name))),
    ...projects.map((path) => symlink(join(into, path), join(modules, SCOPE, basename(path)))),
  ]);
}

// Deleted in the working tree, and not yet in the index.
function ignoreDeleted(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
