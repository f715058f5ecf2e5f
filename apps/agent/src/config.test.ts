import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '@brupop/process';
import { apiserverUrlOf, CONFIG, settingsOf } from './config.ts';
import type { AgentConfig } from './config.ts';

function configOf(env: Readonly<Record<string, string>>): Readonly<AgentConfig> {
  const result = parseConfig(CONFIG, { MY_NODE_NAME: 'node-a', ...env });
  if (!result.ok) throw new Error(result.problems.join('; '));
  return result.config;
}

describe('CONFIG', () => {
  test('requires only the name of the node', () => {
    expect(configOf({})).toMatchObject({
      nodeName: 'node-a',
      hostSocket: '/run/api.sock',
      updateCheckIntervalMs: 120_000,
      excludeFromLbWaitMs: 0,
    });
  });

  test('reports every problem at once', () => {
    const result = parseConfig(CONFIG, {
      EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: 'a minute',
      APISERVER_SERVICE_PORT: '70000',
      UPDATE_CHECK_INTERVAL_IN_SEC: '1',
    });
    expect(result.ok ? [] : result.problems.map((problem) => problem.split(':')[0])).toEqual([
      'MY_NODE_NAME',
      'APISERVER_SERVICE_PORT',
      'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC',
      'UPDATE_CHECK_INTERVAL_IN_SEC',
    ]);
  });
});

describe('settingsOf', () => {
  test.each([
    { name: 'a drain has no limit of its own by default', env: {}, drainTimeoutMs: Infinity },
    { name: 'a drain may be given a limit', env: { AGENT_DRAIN_TIMEOUT_IN_SEC: '60' }, drainTimeoutMs: 60_000 },
    { name: 'the former name of a limit still works', env: { DRAIN_TIMEOUT_IN_SEC: '60' }, drainTimeoutMs: 60_000 },
  ])('$name', ({ env, drainTimeoutMs }) => {
    expect(settingsOf(configOf(env as Record<string, string>))).toMatchObject({ drainTimeoutMs, rebootTimeoutMs: 600_000 });
  });
});

describe('apiserverUrlOf', () => {
  test.each([
    {
      name: 'is that of the Service in the pod’s namespace',
      env: { MY_NAMESPACE: 'updates' },
      url: 'https://brupop-apiserver.updates.svc.cluster.local:443',
    },
    {
      name: 'has the configured port',
      env: { MY_NAMESPACE: 'updates', APISERVER_SERVICE_PORT: '8443' },
      url: 'https://brupop-apiserver.updates.svc.cluster.local:8443',
    },
    { name: 'can be overridden', env: { APISERVER_URL: 'https://localhost:1234/' }, url: 'https://localhost:1234' },
    { name: 'falls back to the default namespace', env: {}, url: 'https://brupop-apiserver.brupop-bottlerocket-aws.svc.cluster.local:443' },
  ])('$name', ({ env, url }) => {
    expect(apiserverUrlOf(configOf(env as Record<string, string>))).toBe(url);
  });
});
