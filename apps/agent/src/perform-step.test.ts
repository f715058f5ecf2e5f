import { describe, expect, test } from '@jest/globals';
import { createBottlerocketApi } from '@brupop/bottlerocket-api';
import { inProcessClient, jsonResponse, memoryLogger, textResponse, VirtualClock } from '@brupop/ports';
import { createApiserverClient } from './apiserver-client.ts';
import { performStep } from './perform-step.ts';

const signal = new AbortController().signal;

/** The outcome of a download whose updater exits with `exitStatus` after it wrote `stderr`. */
async function failedDownload({ exitStatus, stderr }: { exitStatus: number; stderr: string }): Promise<string> {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const command = { cmd_type: 'prepare', cmd_status: 'Failed', timestamp: 'later', exit_status: exitStatus, stderr };
  const http = inProcessClient(({ method }) =>
    Promise.resolve(method === 'POST' ? textResponse(204) : jsonResponse(200, { update_state: 'Available', most_recent_command: command })),
  );
  const unused = inProcessClient(() => Promise.reject(new Error('the apiserver is not used')));
  const apiserver = createApiserverClient({ http: unused, clock, nodeName: 'node-a', readToken: () => 'token' });
  const host = createBottlerocketApi({ http, clock, log });
  let message: string | undefined;
  void performStep(
    { apiserver, host, clock },
    'prepare',
    { status: { kind: 'uninitialized' }, version: undefined, unhurried: false, limitMs: Infinity, unhealthyBefore: [] },
    signal,
  ).then(({ outcome }) => {
    message = outcome.message;
  });
  await clock.advanceUntil(() => message !== undefined, 60_000);
  return message ?? '';
}

describe(performStep, () => {
  const longUrl = `https://updates.example.com/root.ext4.lz4?migrations=${'migrate_v1.27.0_a-setting,'.repeat(40)}`;

  test.each([
    {
      name: 'reports in one line what the updater wrote',
      exitStatus: 1,
      stderr: 'Starting update to 1.27.0\n\n  Failed writing update data to disk: No space left on device\n',
      message: 'prepare failed with exit status 1: Starting update to 1.27.0; Failed writing update data to disk: No space left on device',
    },
    {
      name: 'reports that a killed updater wrote nothing',
      exitStatus: 9,
      stderr: '\n',
      message: 'prepare failed with exit status 9 and without a message',
    },
  ])('$name', async ({ exitStatus, stderr, message }) => {
    expect(await failedDownload({ exitStatus, stderr })).toBe(message);
  });

  test('shortens a long line, and keeps the cause at its end', async () => {
    const message = await failedDownload({
      exitStatus: 1,
      stderr: `Metadata error: Failed to fetch '${longUrl}': connection reset by peer\n`,
    });
    expect(message).toMatch(/^prepare failed with exit status 1: Metadata error: Failed to fetch 'https:.*…/);
    expect(message).toMatch(/connection reset by peer$/);
    expect(message.length).toBeLessThan(600);
  });
});
