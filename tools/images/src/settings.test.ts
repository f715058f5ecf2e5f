import { describe, expect, test } from '@jest/globals';
import { parseBuildSettings } from './settings.ts';

const DEFAULTS = { base: undefined, node: '/nodejs/bin/node', architecture: 'amd64', epoch: undefined };

describe(parseBuildSettings, () => {
  test.each([
    { name: 'no settings', env: {}, settings: DEFAULTS },
    { name: 'empty values', env: { BASE_IMAGE: '', IMAGE_ARCH: '', SOURCE_DATE_EPOCH: '' }, settings: DEFAULTS },
    { name: 'the base', env: { BASE_IMAGE: 'a:1' }, settings: { ...DEFAULTS, base: 'a:1' } },
    { name: 'the path of Node.js', env: { BASE_IMAGE_NODE: '/usr/bin/node' }, settings: { ...DEFAULTS, node: '/usr/bin/node' } },
    {
      name: 'another architecture, with a base that has it',
      env: { IMAGE_ARCH: 'arm64', BASE_IMAGE: 'a:1' },
      settings: { ...DEFAULTS, base: 'a:1', architecture: 'arm64' },
    },
    { name: 'the time', env: { SOURCE_DATE_EPOCH: '0' }, settings: { ...DEFAULTS, epoch: 0 } },
  ])('$name', ({ env, settings }) => {
    expect(parseBuildSettings(env, 'x64')).toEqual({ ok: true, settings });
  });

  test('reports all problems at once', () => {
    expect(parseBuildSettings({ IMAGE_ARCH: 'x86', BASE_IMAGE_NODE: 'node', SOURCE_DATE_EPOCH: 'today' }, 'x64')).toEqual({
      ok: false,
      problems: [
        'IMAGE_ARCH: expected "amd64" or "arm64", got "x86"',
        'BASE_IMAGE_NODE: expected an absolute path, got "node"',
        'SOURCE_DATE_EPOCH: expected seconds since 1970, got "today"',
      ],
    });
  });

  test('the stand-in has only the architecture of this machine', () => {
    expect(parseBuildSettings({ IMAGE_ARCH: 'arm64' }, 'x64')).toEqual({
      ok: false,
      problems: ['BASE_IMAGE: expected an image of arm64, as the stand-in can be made for amd64 only, got ""'],
    });
  });

  test('the architecture is required on a machine that Bottlerocket does not support', () => {
    expect(parseBuildSettings({}, 'riscv64')).toMatchObject({ ok: false, problems: ['IMAGE_ARCH: expected "amd64" or "arm64", got ""'] });
  });
});
