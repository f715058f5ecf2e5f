import { describe, expect, test } from '@jest/globals';
import { parseControllerConfig } from './config.ts';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  const parsed = parseControllerConfig({ MY_NODE_NAME: 'n', ...env });
  return parsed.ok ? [] : parsed.problems;
};

describe(parseControllerConfig, () => {
  test('requires only the name of the node', () => {
    expect(parseControllerConfig({ MY_NODE_NAME: 'n' })).toMatchObject({
      ok: true,
      config: { nodeName: 'n', metricsPort: 8080, logFilter: [{ target: undefined, level: 'info' }] },
      policy: { maxConcurrentUpdates: 1, maxFailedNodes: 3, window: { kind: 'always' }, soakMs: 0 },
    });
  });

  test.each([
    { name: 'unlimited updates', env: { MAX_CONCURRENT_UPDATE: 'unlimited' }, policy: { maxConcurrentUpdates: 'unlimited' } },
    { name: 'a number of unavailable nodes', env: { MAX_UNAVAILABLE: '3' }, policy: { maxUnavailable: { count: 3 } } },
    { name: 'a percentage of unavailable nodes', env: { MAX_UNAVAILABLE: '10%' }, policy: { maxUnavailable: { percent: 10 } } },
    { name: 'a number of failed nodes', env: { MAX_FAILED_NODES: '1' }, policy: { maxFailedNodes: 1 } },
    { name: 'seconds as milliseconds', env: { SOAK_TIME_IN_SEC: '90' }, policy: { soakMs: 90_000 } },
    { name: 'a daily window', env: { UPDATE_WINDOW_START: '1:0:0', UPDATE_WINDOW_STOP: '2:0:0' }, policy: { window: { kind: 'daily' } } },
  ])('reads $name', ({ env, policy }) => {
    expect(parseControllerConfig({ MY_NODE_NAME: 'n', ...env })).toMatchObject({ ok: true, policy });
  });

  test('sets no limit of failed nodes for "unlimited"', () => {
    const parsed = parseControllerConfig({ MY_NODE_NAME: 'n', MAX_FAILED_NODES: 'unlimited' });
    expect(parsed.ok && Object.keys(parsed.policy)).not.toContain('maxFailedNodes');
  });

  test.each([
    { value: '', names: [] },
    { value: 'brupop.example, *.cluster.example,10.0.0.1,fd00::1', names: ['brupop.example', '*.cluster.example', '10.0.0.1', 'fd00::1'] },
  ])('reads the names of a certificate from "$value"', ({ value, names }) => {
    expect(parseControllerConfig({ MY_NODE_NAME: 'n', CERTIFICATE_NAMES: value })).toMatchObject({
      ok: true,
      config: { certificateNames: names },
    });
  });

  test.each(['a b', 'a,,b', '-a', 'https://a'])('rejects "%s" as names of a certificate', (value) => {
    expect(problemsOf({ CERTIFICATE_NAMES: value })).toEqual([
      `CERTIFICATE_NAMES: expected DNS names and IP addresses, separated by commas, got "${value}"`,
    ]);
  });

  test('rejects a window that never opens after the current time', () => {
    const env = { MY_NODE_NAME: 'n', SCHEDULER_CRON_EXPRESSION: '* * 2-4 * * Sat 2026' };
    expect(parseControllerConfig(env, Date.UTC(2026, 11, 1))).toMatchObject({ ok: true });
    expect(parseControllerConfig(env, Date.UTC(2027, 0, 1))).toEqual({
      ok: false,
      problems: ['SCHEDULER_CRON_EXPRESSION: expected at least one future time, got "* * 2-4 * * Sat 2026", whose last match has passed'],
    });
    expect(problemsOf({ SCHEDULER_CRON_EXPRESSION: '0 0 0 31 2 * *' })).toHaveLength(1);
  });

  test('rejects a window without its end', () => {
    expect(problemsOf({ UPDATE_WINDOW_START: '1:0:0' })).toEqual([expect.stringMatching(/^UPDATE_WINDOW_STOP: /)]);
  });

  test.each([
    { value: 'two', problem: 'MAX_CONCURRENT_UPDATE: expected a positive integer or "unlimited", got "two"' },
    { value: '0', problem: 'MAX_CONCURRENT_UPDATE: expected a positive integer or "unlimited", got "0"' },
  ])('rejects a limit of $value', ({ value, problem }) => {
    expect(problemsOf({ MAX_CONCURRENT_UPDATE: value })).toEqual([problem]);
  });

  test.each(['0', '101%', 'some'])('rejects %s unavailable nodes', (value) => {
    expect(problemsOf({ MAX_UNAVAILABLE: value })).toEqual([
      `MAX_UNAVAILABLE: expected a positive integer or a percentage from 1% to 100%, got "${value}"`,
    ]);
  });

  test('reports all problems at once, including those of the window', () => {
    const names = problemsOf({ MY_NODE_NAME: '', METRICS_PORT: 'x', UPDATE_WINDOW_START: '1:0:0' }).map((problem) => problem.split(':')[0]);
    expect(names).toEqual(['MY_NODE_NAME', 'METRICS_PORT', 'UPDATE_WINDOW_STOP']);
  });
});
