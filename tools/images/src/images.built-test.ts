import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readArchive } from './archive.ts';
import type { ImageArchive } from './archive.ts';
import { IMAGES } from './image.ts';
import { parseBuildSettings } from './settings.ts';

const ROOT = join(import.meta.dirname, '../../..');
const parsed = parseBuildSettings(process.env, process.arch);
const architecture = parsed.ok ? parsed.settings.architecture : 'amd64';
const SHELLS = ['/bin/sh', '/bin/bash', '/bin/busybox', '/usr/bin/env', '/usr/bin/npm', '/usr/bin/apt', '/usr/bin/dpkg'];

/** An invalid configuration for each component, and the expected message. */
const FAULTS = {
  agent: {
    env: { APISERVER_SERVICE_PORT: 'x', LOGGING_FORMATTER: 'xml' },
    named: ['MY_NODE_NAME', 'APISERVER_SERVICE_PORT', 'LOGGING_FORMATTER'],
  },
  apiserver: { env: { DRAIN_TIMEOUT_ACTION: 'x' }, named: ['APISERVER_INTERNAL_PORT', 'DRAIN_TIMEOUT_ACTION'] },
  controller: {
    env: { MAX_CONCURRENT_UPDATE: 'two', MAX_UNAVAILABLE: '0' },
    named: ['MY_NODE_NAME', 'MAX_CONCURRENT_UPDATE', 'MAX_UNAVAILABLE'],
  },
} as const;

describe.each(IMAGES)('image $name', ({ name, title, components, user }) => {
  let folder: string;
  let image: ImageArchive;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'built-image-'));
    // Other users than the owner must be able to enter it.
    chmodSync(folder, 0o755);
    image = await readArchive(join(ROOT, 'dist/images', `${name}-${architecture}.tar`), folder);
  }, 60_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const paths = (): string[] => image.entries.map((entry) => `/${entry.split(/\s+/)[5] ?? ''}`);

  test('it has the OCI annotations, and the right user', () => {
    expect(image.config).toMatchObject({
      architecture,
      config: {
        User: user,
        WorkingDir: '/app',
        ...(components.length === 1 ? { Entrypoint: [`./${String(components[0])}`] } : {}),
        Labels: {
          'org.opencontainers.image.title': title,
          'org.opencontainers.image.licenses': 'Apache-2.0 OR MIT',
          'org.opencontainers.image.version': expect.stringMatching(/./),
          'org.opencontainers.image.created': expect.stringMatching(/^\d{4}-.*Z$/),
        },
      },
    });
    expect(image.names).toHaveLength(1);
  });

  test('it contains one bundle per component, its bill of materials, and its licences', () => {
    expect(paths().filter((path) => path.endsWith('.mjs'))).toEqual(components.map((component) => `/app/${component}.mjs`));
    for (const component of components) {
      const sbom = JSON.parse(readFileSync(join(folder, 'usr/share/sbom', `brupop-${component}.cdx.json`), 'utf8')) as {
        readonly bomFormat: string;
        readonly components: readonly { readonly name: string; readonly licenses?: readonly unknown[] }[];
      };
      expect(sbom.bomFormat).toBe('CycloneDX');
      expect(sbom.components.map((each) => each.name)).toEqual(expect.arrayContaining(['winston', 'state-machine']));
      expect(sbom.components.filter(({ licenses }) => licenses === undefined)).toEqual([]);
      expect(readFileSync(join(folder, 'usr/share/licenses/brupop', `${component}.THIRD-PARTY-LICENSES.txt`), 'utf8')).toContain('winston');
    }
    expect(paths()).toEqual(
      expect.arrayContaining(['/usr/share/licenses/brupop/LICENSE-APACHE', '/usr/share/licenses/brupop/LICENSE-MIT']),
    );
  });

  test('it lists the content of its base', () => {
    const sbom = JSON.parse(readFileSync(join(folder, 'usr/share/sbom/base.cdx.json'), 'utf8')) as {
      components: readonly { name: string }[];
    };
    expect(sbom.components[0]).toMatchObject({ name: 'nodejs', version: process.versions.node });
    expect(readFileSync(join(folder, 'usr/share/doc/nodejs/LICENSE'), 'utf8')).toContain('Node.js');
  });

  test('it is distroless: no shell, no package manager, no setuid files, nothing world-writable', () => {
    expect(paths().filter((path) => SHELLS.includes(path))).toEqual([]);
    const files = image.entries.filter((entry) => !entry.startsWith('l'));
    expect(files.filter((entry) => /^...s|^.{6}s/.test(entry))).toEqual([]);
    expect(files.filter((entry) => entry[8] === 'w' && !entry.startsWith('d'))).toEqual([]);
  });

  test.each(components)('its %s starts, and names every problem of its configuration', (component) => {
    const { env, named } = FAULTS[component];
    const isRoot = process.getuid?.() === 0;
    const [program, ...args] = isRoot
      ? ['chroot', `--userspec=${user}`, folder, `/app/${component}`]
      : ['unshare', '--map-root-user', 'chroot', folder, `/app/${component}`];
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...env, PATH: process.env['PATH'] } });
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(named.filter((variable) => !stdout.includes(`${variable}: `))).toEqual([]);
  });
});
