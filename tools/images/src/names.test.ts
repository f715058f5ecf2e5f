import { describe, expect, test } from '@jest/globals';
import { imageName, versionOf } from './names.ts';

describe(imageName, () => {
  test.each([
    { name: 'the name in the manifest', env: { BRUPOP_AGENT_IMAGE: 'registry:5000/a:1' }, expected: 'registry:5000/a:1' },
    { name: 'a local name if the manifest has none', env: { BRUPOP_AGENT_IMAGE: '' }, expected: 'localhost/brupop-agent:latest' },
  ])('$name', ({ env, expected }) => {
    expect(imageName('agent', env)).toBe(expected);
  });
});

describe(versionOf, () => {
  test.each([
    { name: 'localhost/brupop-agent:v2.0.0', version: 'v2.0.0' },
    { name: 'registry:5000/brupop-agent', version: 'latest' },
    { name: 'registry:5000/brupop-agent:v2@sha256:00', version: 'v2' },
  ])('$name has version $version', ({ name, version }) => {
    expect(versionOf(name)).toBe(version);
  });
});
