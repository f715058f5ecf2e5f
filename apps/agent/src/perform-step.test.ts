import { describe, expect, test } from '@jest/globals';
import { createBottlerocketApi } from '@brupop/bottlerocket-api';
import { inProcessClient, jsonResponse, textResponse, VirtualClock } from '@brupop/ports';
import { memoryLogger } from '@brupop/process';
import { createApiserverClient } from './apiserver-client.ts';
import { performStep } from './perform-step.ts';

const signal = new AbortController().signal;

/** What becomes of a download whose updater ends with `exitStatus` after it has written `stderr`. */
async function failedDownload({ exitStatus, stderr }: { exitStatus: number; stderr: string }): Promise<string> {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const command = { cmd_type: 'prepare', cmd_status: 'Failed', timestamp: 'later', exit_status: exitStatus, stderr };
  const http = inProcessClient(({ method }) =>
    Promise.resolve(method === 'POST' ? textResponse(204) : jsonResponse(200, { update_state: 'Available', most_recent_command: command })),
  );
  const nobody = inProcessClient(() => Promise.reject(new Error('nobody asks the apiserver')));
  const apiserver = createApiserverClient({ http: nobody, clock, nodeName: 'node-a', readToken: () => 'token' });
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
      name: 'tells in one line what the updater has written',
      exitStatus: 1,
      stderr: 'Starting update to 1.27.0\n\n  Failed writing update data to disk: No space left on device\n',
      message: 'prepare failed with exit status 1: Starting update to 1.27.0; Failed writing update data to disk: No space left on device',
    },
    {
      name: 'says so when a killed updater has written nothing',
      exitStatus: 9,
      stderr: '\n',
      message: 'prepare failed with exit status 9 and without a message',
    },
  ])('$name', async ({ exitStatus, stderr, message }) => {
    expect(await failedDownload({ exitStatus, stderr })).toBe(message);
  });

  test('keeps the cause at the end of a long line, and the whole of it short', async () => {
    const message = await failedDownload({
      exitStatus: 1,
      stderr: `Metadata error: Failed to fetch '${longUrl}': connection reset by peer\n`,
    });
    expect(message).toMatch(/^prepare failed with exit status 1: Metadata error: Failed to fetch 'https:.*…/);
    expect(message).toMatch(/connection reset by peer$/);
    expect(message.length).toBeLessThan(600);
  });
});
