import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '@brupop/process';
import { CONFIG, listenAddress } from './config.ts';

describe('CONFIG', () => {
  test('requires only the port', () => {
    expect(parseConfig(CONFIG, { APISERVER_INTERNAL_PORT: '8443' })).toEqual({
      ok: true,
      deprecated: [],
      config: {
        port: 8443,
        metricsPort: 8080,
        bindAddress: undefined,
        kubernetesHost: undefined,
        tlsDir: '/etc/brupop-tls-keys',
        drainTimeoutMs: 900_000,
        drainTimeoutAction: 'skip',
        terminationLog: undefined,
        logFormat: 'pretty',
        logAnsi: false,
        logFilter: [{ target: undefined, level: 'info' }],
      },
    });
  });

  test('reports all invalid variables at once', () => {
    const result = parseConfig(CONFIG, { METRICS_PORT: 'x', DRAIN_TIMEOUT_SECONDS: '-1', DRAIN_TIMEOUT_ACTION: 'panic' });
    expect(result.ok ? [] : result.problems.map((problem) => problem.split(':')[0])).toEqual([
      'APISERVER_INTERNAL_PORT',
      'METRICS_PORT',
      'DRAIN_TIMEOUT_SECONDS',
      'DRAIN_TIMEOUT_ACTION',
    ]);
  });
});

describe(listenAddress, () => {
  test.each([
    { name: 'all IPv4 addresses', kubernetesHost: '10.0.0.1', bindAddress: undefined, expected: '0.0.0.0' },
    { name: 'all IPv6 addresses in an IPv6 cluster', kubernetesHost: 'fd00::1', bindAddress: undefined, expected: '::' },
    { name: 'the configured address', kubernetesHost: 'fd00::1', bindAddress: '127.0.0.1', expected: '127.0.0.1' },
    { name: 'the configured address without its brackets', kubernetesHost: undefined, bindAddress: '[::1]', expected: '::1' },
  ])('listens on $name', ({ kubernetesHost, bindAddress, expected }) => {
    expect(listenAddress({ kubernetesHost, bindAddress })).toBe(expected);
  });
});
