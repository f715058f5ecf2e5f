import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parseSettings, VARIABLES } from './settings.ts';

const IMAGE = { BRUPOP_CONTAINER_IMAGE: 'brupop:1' };

describe(parseSettings, () => {
  test('only the image must be said', () => {
    expect(parseSettings(IMAGE)).toEqual({
      ok: true,
      options: {
        image: 'brupop:1',
        certificates: 'operator',
        apiserverServicePort: 443,
        apiserverInternalPort: 8443,
        env: { agent: {}, apiserver: {}, controller: {} },
      },
    });
  });

  test('each variable reaches the component that it is for', () => {
    const env = {
      ...IMAGE,
      BRUPOP_CONTAINER_IMAGE_PULL_SECRET: 'registry',
      NAMESPACE: 'ns',
      CERTIFICATES: 'provided',
      APISERVER_SERVICE_PORT: '1',
      APISERVER_INTERNAL_PORT: '65535',
      EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '60',
      MAX_CONCURRENT_UPDATE: '3',
      UPDATE_WINDOW_START: '',
      LOGGING_FORMATTER: 'pretty',
    };
    expect(parseSettings(env)).toEqual({
      ok: true,
      options: {
        image: 'brupop:1',
        namespace: 'ns',
        imagePullSecrets: ['registry'],
        certificates: 'provided',
        apiserverServicePort: 1,
        apiserverInternalPort: 65535,
        env: {
          agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '60', LOGGING_FORMATTER: 'pretty' },
          apiserver: { LOGGING_FORMATTER: 'pretty' },
          controller: { MAX_CONCURRENT_UPDATE: '3', LOGGING_FORMATTER: 'pretty' },
        },
      },
    });
  });

  test('each component may have an image of its own', () => {
    const env = { BRUPOP_AGENT_IMAGE: 'a:1', BRUPOP_APISERVER_IMAGE: 'b:1', BRUPOP_CONTROLLER_IMAGE: 'c:1' };
    expect(parseSettings(env)).toMatchObject({ ok: true, options: { image: { agent: 'a:1', apiserver: 'b:1', controller: 'c:1' } } });
  });

  test('an image of all three takes their place', () => {
    expect(parseSettings({ ...IMAGE, BRUPOP_AGENT_IMAGE: 'a:1' })).toMatchObject({ ok: true, options: { image: 'brupop:1' } });
  });

  test('all problems are told at once', () => {
    const env = {
      BRUPOP_APISERVER_IMAGE: 'a',
      APISERVER_SERVICE_PORT: '0',
      APISERVER_INTERNAL_PORT: 'x',
      CERTIFICATES: 'none',
      MAX_CONCURENT: '1',
    };
    expect(parseSettings(env)).toEqual({
      ok: false,
      problems: [
        'MAX_CONCURENT: not a known variable',
        'BRUPOP_AGENT_IMAGE: expected an image, unless BRUPOP_CONTAINER_IMAGE names one for all, got ""',
        'BRUPOP_CONTROLLER_IMAGE: expected an image, unless BRUPOP_CONTAINER_IMAGE names one for all, got ""',
        'CERTIFICATES: expected "operator", "cert-manager" or "provided", got "none"',
        'APISERVER_SERVICE_PORT: expected a port of 1 to 65535, got "0"',
        'APISERVER_INTERNAL_PORT: expected a port of 1 to 65535, got "x"',
      ],
    });
  });

  test('the .env at the root names every variable, and no other', () => {
    const env = parseEnv(readFileSync(join(import.meta.dirname, '../../../.env'), 'utf8'));
    expect(Object.keys(env).sort()).toEqual([...VARIABLES].sort());
  });
});
