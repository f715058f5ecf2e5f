import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file of an image: a copy of a local file, or a text. */
export type RootFile = { readonly path: string; readonly mode: number } & (
  { readonly from: string; readonly text?: never } | { readonly text: string; readonly from?: never }
);

/** Writes files below a root. Sets their modes independently of the umask, since they are part of the image's digest. */
export async function writeRootFiles(root: string, files: readonly RootFile[]): Promise<void> {
  for (const file of files) {
    const target = join(root, file.path);
    await makeFolders(root, dirname(file.path));
    if (file.from === undefined) await writeFile(target, file.text);
    else await copyFile(file.from, target);
    await chmod(target, file.mode);
  }
}

async function makeFolders(root: string, folder: string): Promise<void> {
  if (folder !== '/') await makeFolders(root, dirname(folder));
  await mkdir(join(root, folder), { recursive: true });
  await chmod(join(root, folder), 0o755);
}
