import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parseSettings, VARIABLES } from './settings.ts';

const IMAGE = { BRUPOP_CONTAINER_IMAGE: 'brupop:1' };

describe(parseSettings, () => {
  test('only the image is required', () => {
    expect(parseSettings(IMAGE)).toEqual({
      ok: true,
      options: {
        image: 'brupop:1',
        certificates: 'operator',
        networkPolicy: true,
        admissionPolicy: true,
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
      NETWORK_POLICY: 'false',
      ADMISSION_POLICY: 'false',
      DRAIN_TIMEOUT_ACTION: 'wait',
      MAX_UNAVAILABLE: '10%',
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
        networkPolicy: false,
        admissionPolicy: false,
        apiserverServicePort: 1,
        apiserverInternalPort: 65535,
        env: {
          agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '60', LOGGING_FORMATTER: 'pretty' },
          apiserver: { DRAIN_TIMEOUT_ACTION: 'wait', LOGGING_FORMATTER: 'pretty' },
          controller: { MAX_CONCURRENT_UPDATE: '3', MAX_UNAVAILABLE: '10%', LOGGING_FORMATTER: 'pretty' },
        },
      },
    });
  });

  test('each component may have an image of its own', () => {
    const env = { BRUPOP_AGENT_IMAGE: 'a:1', BRUPOP_APISERVER_IMAGE: 'b:1', BRUPOP_CONTROLLER_IMAGE: 'c:1' };
    expect(parseSettings(env)).toMatchObject({ ok: true, options: { image: { agent: 'a:1', apiserver: 'b:1', controller: 'c:1' } } });
  });

  test('an image of all three replaces them', () => {
    expect(parseSettings({ ...IMAGE, BRUPOP_AGENT_IMAGE: 'a:1' })).toMatchObject({ ok: true, options: { image: 'brupop:1' } });
  });

  test('reports all problems at once', () => {
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
        'APISERVER_INTERNAL_PORT: expected a port of 1 to 65535, got "x"',
        'APISERVER_SERVICE_PORT: expected a port of 1 to 65535, got "0"',
      ],
    });
  });

  test.each([
    { variable: 'BRUPOP_CONTAINER_IMAGE', value: 'no image', expected: 'an image, such as registry.example.com/brupop:v2.0.0' },
    { variable: 'BRUPOP_CONTAINER_IMAGE_PULL_SECRET', value: 'A', expected: 'the name of a Secret' },
    { variable: 'NAMESPACE', value: 'Brupop', expected: 'a name of lower-case letters, digits and hyphens' },
    { variable: 'NETWORK_POLICY', value: 'yes', expected: 'true or false' },
    { variable: 'ADMISSION_POLICY', value: 'yes', expected: 'true or false' },
    { variable: 'APISERVER_INTERNAL_PORT', value: '8080', expected: 'another port than that of the metrics' },
    { variable: 'MAX_CONCURRENT_UPDATE', value: 'two', expected: 'a positive integer or "unlimited"' },
    { variable: 'MAX_UNAVAILABLE', value: '120%', expected: 'a positive integer or a percentage from 1% to 100%' },
    { variable: 'UPDATE_WINDOW_START', value: '25:0:0', expected: 'hour:minute:second in UTC' },
    { variable: 'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC', value: '-1', expected: 'seconds, an integer from 0 to 2592000' },
    { variable: 'DRAIN_TIMEOUT_ACTION', value: 'give-up', expected: 'one of skip, wait, force' },
    { variable: 'LOGGING_FORMATTER', value: 'xml', expected: 'one of full, compact, pretty, json' },
  ])('$variable is validated before anything is written, by the component that reads it', ({ variable, value, expected }) => {
    expect(parseSettings({ ...IMAGE, [variable]: value })).toEqual({
      ok: false,
      problems: [`${variable}: expected ${expected}, got "${value}"`],
    });
  });

  test('a window and a cron expression together are rejected, as by the controller', () => {
    const env = { ...IMAGE, SCHEDULER_CRON_EXPRESSION: '* * 2-4 * * Sat *', UPDATE_WINDOW_START: '1:0:0', UPDATE_WINDOW_STOP: '2:0:0' };
    expect(parseSettings(env)).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/^SCHEDULER_CRON_EXPRESSION: expected no value/)],
    });
  });

  test('the .env of Brupop 1.x is understood', () => {
    const env = parseEnv(`
BRUPOP_CONTAINER_IMAGE=public.ecr.aws/bottlerocket/bottlerocket-update-operator:v1.1.0
BRUPOP_CONTAINER_IMAGE_PULL_SECRET=brupop
EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC=0
MAX_CONCURRENT_UPDATE=1
UPDATE_WINDOW_START=0:0:0
UPDATE_WINDOW_STOP=0:0:0
SCHEDULER_CRON_EXPRESSION="* * * * * * *"
APISERVER_INTERNAL_PORT=8443
APISERVER_SERVICE_PORT=443
`);
    expect(parseSettings(env)).toMatchObject({ ok: true });
  });

  test('the .env at the root names every variable, and no other', () => {
    const env = parseEnv(readFileSync(join(import.meta.dirname, '../../../.env'), 'utf8'));
    expect(Object.keys(env).sort()).toEqual([...VARIABLES].sort());
  });
});
