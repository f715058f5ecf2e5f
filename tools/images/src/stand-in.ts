import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import type { RootFile } from './root-files.ts';

/** Where the distroless images of Node.js have it, too. */
export const STAND_IN_NODE = '/nodejs/bin/node';

/** Paths of the shared libraries in what `ldd` prints, the loader included; the kernel's own has no path. */
export function sharedLibraries(ldd: string): string[] {
  return ldd.split('\n').flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/**
 * The files of the stand-in for a distroless base: Node.js, the libraries that it needs, and the users of the distroless images.
 * @param node path of the Node.js binary to put into it
 */
export async function standInFiles(node: string): Promise<RootFile[]> {
  const libraries = sharedLibraries(await run('ldd', [node]));
  const licences = await Promise.all([nodeLicence(node), ...(await debianPackages(libraries)).map(debianLicence)]);
  return [
    { path: STAND_IN_NODE, from: node, mode: 0o755 },
    ...libraries.map((path) => ({ path, from: realpathSync(path), mode: 0o755 })),
    { path: '/etc/passwd', text: 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n', mode: 0o644 },
    { path: '/etc/group', text: 'root:x:0:\nnonroot:x:65532:\n', mode: 0o644 },
    // Without it, glibc asks the DNS server before /etc/hosts.
    { path: '/etc/nsswitch.conf', text: 'hosts: files dns\n', mode: 0o644 },
    ...licences.flat(),
  ];
}

/** Debian's packages that the files come from; none on another distribution. */
async function debianPackages(paths: readonly string[]): Promise<string[]> {
  const owners = await Promise.all(paths.map((path) => run('dpkg-query', ['--search', realpathSync(path)]).catch(() => '')));
  return [...new Set(owners.flatMap((owner) => /^([^:]+):/.exec(owner)?.[1] ?? []))].sort();
}

async function debianLicence(name: string): Promise<RootFile[]> {
  const path = `/usr/share/doc/${name}/copyright`;
  return readFile(path, 'utf8').then(
    (text) => [{ path, text, mode: 0o644 }],
    () => [],
  );
}

async function nodeLicence(node: string): Promise<RootFile[]> {
  const text = await readFile(join(node, '../../LICENSE'), 'utf8');
  return [{ path: '/usr/share/doc/nodejs/LICENSE', text, mode: 0o644 }];
}
