import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import type { RootFile } from './root-files.ts';

/** The path in the distroless images of Node.js, too. */
export const STAND_IN_NODE = '/nodejs/bin/node';

/** Paths of the shared libraries in the output of `ldd`, including the loader; the kernel's vDSO has no path. */
export function sharedLibraries(ldd: string): string[] {
  return ldd.split('\n').flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/**
 * The files of the stand-in for a distroless base: Node.js, the libraries that it needs, and the users of the distroless images.
 * @param node path of the Node.js binary to include
 */
export async function standInFiles(node: string): Promise<RootFile[]> {
  const libraries = sharedLibraries(await run('ldd', [node]));
  const packages = await debianPackages(libraries);
  const licences = await Promise.all([nodeLicence(node), ...packages.map(debianLicence)]);
  const contents = [{ name: 'nodejs', version: process.versions.node, purl: `pkg:generic/nodejs@${process.versions.node}` }, ...packages];
  return [
    { path: STAND_IN_NODE, from: node, mode: 0o755 },
    ...libraries.map((path) => ({ path, from: realpathSync(path), mode: 0o755 })),
    { path: '/etc/passwd', text: 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n', mode: 0o644 },
    { path: '/etc/group', text: 'root:x:0:\nnonroot:x:65532:\n', mode: 0o644 },
    // Without it, glibc asks the DNS server before /etc/hosts.
    { path: '/etc/nsswitch.conf', text: 'hosts: files dns\n', mode: 0o644 },
    { path: '/usr/share/sbom/base.cdx.json', text: billOfMaterials(contents), mode: 0o644 },
    ...licences.flat(),
  ];
}

interface Contents {
  readonly name: string;
  readonly version: string;
  /** https://github.com/package-url/purl-spec */
  readonly purl: string;
}

/** A CycloneDX document with only names and versions. */
function billOfMaterials(contents: readonly Contents[]): string {
  const components = contents.map((component) => ({ type: 'library', 'bom-ref': component.purl, ...component }));
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }, null, 1)}\n`;
}

/** Debian packages of the files; empty on another distribution. */
async function debianPackages(paths: readonly string[]): Promise<Contents[]> {
  // Since /lib is a link, packages list their files under either path.
  const known = paths.flatMap((path) => [path, realpathSync(path)]);
  const owners = await Promise.all(known.map((path) => run('dpkg-query', ['--search', path]).catch(() => '')));
  const names = [...new Set(owners.flatMap((owner) => /^([^:]+):/.exec(owner)?.[1] ?? []))].sort();
  return Promise.all(
    names.map(async (name) => {
      const version = await run('dpkg-query', ['--show', '--showformat=${Version}', name]);
      return { name, version, purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}` };
    }),
  );
}

async function debianLicence({ name }: Contents): Promise<RootFile[]> {
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
