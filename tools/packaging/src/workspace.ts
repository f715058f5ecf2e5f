import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of all projects. */
export const ROOT: string = resolve(import.meta.dirname, '../../..');

/** The part of a `package.json` to which the rules apply. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly private?: boolean;
  readonly sideEffects?: boolean;
  readonly repository?: { readonly type?: string; readonly url?: string; readonly directory?: string };
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A library of this workspace. */
export interface Library {
  /** Such as `drain`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** The `package.json` of a folder. */
export function manifestOf(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
}

/** Every project in one of the workspace's folders, such as `libs`. */
export function projectsIn(folder: string): Library[] {
  return readdirSync(join(ROOT, folder))
    .sort()
    .map((name) => {
      const path = join(ROOT, folder, name);
      return { folder: name, path, manifest: manifestOf(path) };
    });
}

/** Every library. */
export const libraries = (): Library[] => projectsIn('libs');
