import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The npm package of a bundled module, such as `node_modules/@colors/colors`; undefined for our own. */
export function packageFolderOf(module: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1];
}

/** The licence texts of the packages of all modules, as one document. */
export async function collectLicences(root: string, modules: readonly string[]): Promise<string> {
  const folders = [...new Set(modules.flatMap((module) => packageFolderOf(module) ?? []))].sort();
  const texts = await Promise.all(folders.map((folder) => licenceOf(join(root, folder))));
  return texts.join('\n\n');
}

async function licenceOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`, ...texts].join('\n\n');
}
