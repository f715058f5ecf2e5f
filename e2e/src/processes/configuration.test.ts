import { spawn } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { BUNDLES } from './bundles.ts';

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a bundle with only these variables until it exits. */
function run(bundle: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A bundle that accepts the configuration would run forever.
    const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000, killSignal: 'SIGKILL' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

describe('a process with an invalid configuration', () => {
  const cases: { app: keyof typeof BUNDLES; env: Record<string, string>; missing: string[] }[] = [
    {
      app: 'agent',
      env: {
        UPDATE_CHECK_INTERVAL_IN_SEC: '1',
        APISERVER_SERVICE_PORT: '70000',
        LOGGING_FORMATTER: 'xml',
        APISERVER_URL: 'nowhere',
        // Two values for one setting, under its current and its former name.
        HOST_SHUTDOWN_TIMEOUT_IN_SEC: '300',
        REBOOT_TIMEOUT_IN_SEC: '600',
      },
      missing: ['MY_NODE_NAME'],
    },
    {
      app: 'apiserver',
      env: { METRICS_PORT: 'eighty', DRAIN_TIMEOUT_SECONDS: 'soon', DRAIN_TIMEOUT_ACTION: 'explode', LOGGING_ANSI_ENABLED: 'perhaps' },
      missing: ['APISERVER_INTERNAL_PORT'],
    },
    {
      app: 'controller',
      env: {
        MAX_CONCURRENT_UPDATE: '0',
        MAX_UNAVAILABLE: '200%',
        SCHEDULER_CRON_EXPRESSION: 'every day',
        SOAK_TIME_IN_SEC: '-1',
        METRICS_PORT: '0x50',
      },
      missing: ['MY_NODE_NAME'],
    },
  ];
  test.each(cases)('of the $app exits with 2 and names every problem', async ({ app, env, missing }) => {
    const { code, output } = await run(BUNDLES[app], env);
    expect([...Object.keys(env), ...missing].filter((name) => !output.includes(name))).toEqual([]);
    expect(code).toBe(2);
  });
});
