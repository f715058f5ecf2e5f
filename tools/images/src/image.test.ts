import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_FLAGS } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { containerfile, IMAGES, launcher } from './image.ts';

const PROVENANCE = { version: 'v2.0.0', revision: 'abc', epoch: 86_400, base: 'distroless' };
const imageOf = (name: string): (typeof IMAGES)[number] => {
  const found = IMAGES.find((image) => image.name === name);
  if (found === undefined) throw new Error(`no image ${name}`);
  return found;
};

describe(containerfile, () => {
  test.each([
    { name: 'agent', user: '0:0', entrypoint: '["./agent"]' },
    { name: 'apiserver', user: '65532:65532', entrypoint: '["./apiserver"]' },
    { name: 'controller', user: '65532:65532', entrypoint: '["./controller"]' },
    { name: 'operator', user: '0:0', entrypoint: '[]' },
  ])('the image of the $name runs as $user, with entry point $entrypoint', ({ name, user, entrypoint }) => {
    const lines = containerfile(imageOf(name), PROVENANCE).split('\n');
    expect(lines).toContain(`USER ${user}`);
    expect(lines).toContain(`ENTRYPOINT ${entrypoint}`);
  });

  test('it has the OCI annotations', () => {
    expect(containerfile(imageOf('agent'), PROVENANCE).match(/(?<=^LABEL org\.opencontainers\.image\.).*/gm)).toEqual([
      'title="Bottlerocket update operator: agent"',
      'description="Coordinates Bottlerocket updates across a Kubernetes cluster"',
      'version="v2.0.0"',
      'revision="abc"',
      'created="1970-01-02T00:00:00.000Z"',
      'licenses="Apache-2.0 OR MIT"',
      'base.name="distroless"',
    ]);
  });

  test('outside of a repository it names no commit', () => {
    expect(containerfile(imageOf('agent'), { ...PROVENANCE, revision: undefined })).not.toContain('revision');
  });

  test('every component gets the measured malloc settings', () => {
    for (const image of IMAGES)
      expect(containerfile(image, PROVENANCE).match(/(?<=^ENV ).*/gm)).toEqual([
        'MALLOC_ARENA_MAX=1',
        'MALLOC_MMAP_THRESHOLD_=32768',
        'MALLOC_TOP_PAD_=32768',
      ]);
  });

  test('no step runs a command, which would need an emulator for another architecture', () => {
    for (const image of IMAGES) expect(containerfile(image, PROVENANCE)).not.toMatch(/^RUN /m);
  });
});

describe(launcher, () => {
  test('it replaces itself by the bundle, with the flags of the component, its arguments, and the same process id', () => {
    const folder = mkdtempSync(join(tmpdir(), 'launcher-'));
    try {
      const bundle = join(folder, 'agent.mjs');
      writeFileSync(bundle, 'process.stdout.write(JSON.stringify([process.pid, process.execArgv, process.argv.slice(2)]));');
      const program = join(folder, 'agent');
      writeFileSync(program, launcher('agent', process.execPath).replace('/app/agent.mjs', bundle));
      chmodSync(program, 0o755);
      const { pid, stdout, stderr } = spawnSync(program, ['--more'], { encoding: 'utf8' });
      expect({ output: JSON.parse(stdout) as unknown, stderr }).toEqual({ output: [pid, NODE_FLAGS.agent, ['--more']], stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
