import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonResponse, textResponse } from '@brupop/ports';
import { serveUnix } from '@brupop/simulator';
import type { UnixServer } from '@brupop/simulator';

let directory: string;
let host: UnixServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'api-'));
  host = await serveUnix(
    ({ method, path }) => {
      if (path === '/os') return Promise.resolve(jsonResponse(200, { version_id: '1.26.1' }));
      if (method === 'POST' && path === '/actions/reboot') return Promise.resolve(textResponse(204, '', {}));
      return Promise.resolve(textResponse(423, 'Update lock held', {}));
    },
    join(directory, 'api.sock'),
  );
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true });
});

const call = (...args: readonly string[]): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, BOTTLEROCKET_API_SOCKET: host.socketPath };
    execFile(process.execPath, [join(import.meta.dirname, 'host-apiclient.ts'), 'raw', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });

describe("the stand-in of the host's apiclient", () => {
  test('prints the body of an answer', async () => {
    expect(await call('-u', '/os')).toMatchObject({ code: 0, stdout: '{"version_id":"1.26.1"}\n' });
  });

  test('sends the given method, and prints nothing for an empty answer', async () => {
    expect(await call('-u', '/actions/reboot', '-m', 'POST')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('fails with the message in which Brupop 1.x looks for the status', async () => {
    const { code, stderr } = await call('-u', '/actions/refresh-updates', '-m', 'POST');
    expect(code).toBe(1);
    expect(stderr).toContain(
      "Failed POST request to '/actions/refresh-updates': Status 423 when POSTing /actions/refresh-updates: Update lock held",
    );
  });
});
