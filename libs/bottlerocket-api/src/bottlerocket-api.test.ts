import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  inProcessClient,
  jsonResponse,
  memoryLogger,
  nodeHttpClient,
  seededRandom,
  systemClock,
  textResponse,
  VirtualClock,
} from '@brupop/ports';
import type { HttpHandler, HttpResponse } from '@brupop/ports';
import { serveUnix, SimulatedHost } from '@brupop/simulator';
import { createBottlerocketApi } from './bottlerocket-api.ts';
import type { BottlerocketApi } from './bottlerocket-api.ts';
import type { ActionResult, CommandResult, UpdateStatus } from './types.ts';

const signal = new AbortController().signal;

function apiTo(handler: HttpHandler, clock: VirtualClock = new VirtualClock()): BottlerocketApi {
  return createBottlerocketApi({ http: inProcessClient(handler), clock, log: memoryLogger() });
}

/** Returns these responses in turn, the last one repeatedly; errors are thrown. */
function answers(...responses: readonly ((() => HttpResponse) | Error)[]): HttpHandler {
  let at = 0;
  return () => {
    const next = responses[Math.min(at++, responses.length - 1)];
    if (next instanceof Error) return Promise.reject(next);
    return next === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve(next());
  };
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** Runs `work` while virtual time advances. */
async function during<T>(clock: VirtualClock, work: Promise<T>, limitMs = 3_600_000): Promise<T> {
  let done = false;
  const watched = work.finally(() => {
    done = true;
  });
  watched.catch(() => undefined);
  await clock.advanceUntil(() => done, limitMs);
  return await watched;
}

function simulatedHost(clock: VirtualClock): SimulatedHost {
  return new SimulatedHost({
    clock,
    random: seededRandom(1),
    name: 'a',
    version: '1.26.1',
    repository: { available: ['1.27.0', '1.26.1'] },
  });
}

describe('os', () => {
  test('returns the version', async () => {
    const os = await apiTo(
      answers(() => jsonResponse(200, { version_id: '1.26.1', arch: 'x86_64', variant_id: 'aws-k8s-1.30', new_field: 1 })),
    ).os(signal);
    expect(os).toMatchObject({ version: '1.26.1', arch: 'x86_64', variant: 'aws-k8s-1.30' });
  });

  test.each([
    { name: 'a page of HTML', response: () => textResponse(200, '<html>') },
    { name: 'JSON of another shape', response: () => jsonResponse(200, { version: 1 }) },
    { name: 'another status', response: () => textResponse(502, 'bad gateway') },
  ])('rejects $name', async ({ response }) => {
    await expect(apiTo(answers(response)).os(signal)).rejects.toMatchObject({ code: 'HOST_ANSWER', retry: 'transient' });
  });
});

describe('status', () => {
  const command = { cmd_type: 'prepare', cmd_status: 'Failed', timestamp: 't', exit_status: -9, stderr: null };
  test.each<{ name: string; response: () => HttpResponse; status: UpdateStatus }>([
    { name: 'is busy at 423', response: () => textResponse(423, 'Unable to obtain shared lock'), status: { kind: 'busy' } },
    {
      name: 'is uninitialized at 404 with a body',
      response: () => textResponse(404, 'Update status is uninitialized'),
      status: { kind: 'uninitialized' },
    },
    {
      name: 'accepts null everywhere',
      response: () =>
        jsonResponse(200, {
          update_state: 'Idle',
          available_updates: [],
          chosen_update: null,
          active_partition: null,
          staging_partition: null,
          most_recent_command: null,
        }),
      status: { kind: 'known', updateState: 'Idle', listedVersions: [] },
    },
    {
      name: 'accepts a command without output',
      response: () => jsonResponse(200, { update_state: 'Idle', most_recent_command: command }),
      status: {
        kind: 'known',
        updateState: 'Idle',
        mostRecentCommand: { type: 'prepare', succeeded: false, timestamp: 't', exitStatus: -9, message: '' },
      },
    },
    {
      name: 'returns versions and the last command',
      response: () =>
        jsonResponse(200, {
          update_state: 'Ready',
          chosen_update: { version: '1.27.0' },
          staging_partition: { image: { version: '1.27.0' }, next_to_boot: true },
          most_recent_command: { ...command, stderr: 'Starting update to 1.27.0\nFailed to write\n' },
        }),
      status: {
        kind: 'known',
        updateState: 'Ready',
        chosenVersion: '1.27.0',
        stagedVersion: '1.27.0',
        bootsStaged: true,
        mostRecentCommand: {
          type: 'prepare',
          succeeded: false,
          timestamp: 't',
          exitStatus: -9,
          message: 'Starting update to 1.27.0\nFailed to write',
        },
      },
    },
    {
      name: 'reads the rest if the update state, command and result are known only to newer hosts',
      response: () =>
        jsonResponse(200, {
          update_state: 'Dreaming'.repeat(20),
          chosen_update: { version: '1.27.0' },
          most_recent_command: { ...command, cmd_type: 'Snooze', cmd_status: 'Dozed' },
        }),
      status: {
        kind: 'known',
        updateState: 'Unknown',
        unknownState: 'Dreaming'.repeat(20).slice(0, 60),
        chosenVersion: '1.27.0',
        mostRecentCommand: { type: 'snooze', succeeded: false, timestamp: 't', exitStatus: -9, message: '' },
      },
    },
    {
      name: 'returns the valid entries of the list',
      response: () => jsonResponse(200, { update_state: 'Idle', available_updates: ['1.27.0', 7, null, 'x'.repeat(101), '1.26.1'] }),
      status: { kind: 'known', updateState: 'Idle', listedVersions: ['1.27.0', '1.26.1'] },
    },
    {
      name: 'ignores an invalid list',
      response: () => jsonResponse(200, { update_state: 'Idle', available_updates: { '1.27.0': true } }),
      status: { kind: 'known', updateState: 'Idle' },
    },
  ])('$name', async ({ response, status }) => {
    expect(await apiTo(answers(response)).status(signal)).toEqual(status);
  });

  test.each([
    { name: 'a 404 without a body: the path is unknown', response: () => textResponse(404) },
    { name: 'a 500', response: () => textResponse(500, 'Update dispatcher failed') },
  ])('rejects $name', async ({ response }) => {
    await expect(apiTo(answers(response)).status(signal)).rejects.toMatchObject({ code: 'HOST_ANSWER' });
  });

  const report = { cmd_type: 'refresh', cmd_status: 'Success', timestamp: '2026-01-01T00:00:00Z' };
  test.each([
    { body: {}, problem: 'update_state: expected string, got nothing' },
    { body: [], problem: 'body: expected object, got []' },
    { body: { update_state: 'Idle', chosen_update: 'x' }, problem: 'chosen_update: expected object, got "x"' },
    {
      body: { update_state: 'Idle', staging_partition: { image: { version: 1 } } },
      problem: 'staging_partition.image.version: expected string, got 1',
    },
    {
      body: { update_state: 'Idle', most_recent_command: { ...report, exit_status: 1.5 } },
      problem: 'most_recent_command.exit_status: expected integer, got 1.5',
    },
    {
      body: { update_state: 'Idle', most_recent_command: { ...report, timestamp: null } },
      problem: 'most_recent_command.timestamp: expected string, got nothing',
    },
  ])('names the invalid field: $problem', async ({ body, problem }) => {
    await expect(apiTo(answers(() => jsonResponse(200, body))).status(signal)).rejects.toThrow(
      `The host answered GET /updates/status unexpectedly: ${problem}`,
    );
  });
});

describe('actions', () => {
  test.each<{ name: string; response: () => HttpResponse; result: ActionResult }>([
    { name: '204 is started', response: () => textResponse(204), result: { kind: 'started' } },
    { name: '423 is busy', response: () => textResponse(423, 'Update lock held'), result: { kind: 'busy', message: 'Update lock held' } },
    {
      name: '409 is not allowed',
      response: () => textResponse(409, 'Update action not allowed'),
      result: { kind: 'not-allowed', message: 'Update action not allowed' },
    },
    {
      name: '404 with a body is missing',
      response: () => textResponse(404, 'Previously chosen Update no longer exists'),
      result: { kind: 'missing', message: 'Previously chosen Update no longer exists' },
    },
    {
      name: '404 without a body is refused',
      response: () => textResponse(404),
      result: { kind: 'refused', message: 'The host answered 404' },
    },
    {
      name: '500 is refused',
      response: () => textResponse(500, 'Failed to reboot, exit code: 1, stderr: Operation inhibited\n'),
      result: { kind: 'refused', message: 'Failed to reboot, exit code: 1, stderr: Operation inhibited' },
    },
    {
      name: 'has a message of ours if the response has no body',
      response: () => textResponse(500, ' \n'),
      result: { kind: 'refused', message: 'The host answered 500' },
    },
  ])('$name', async ({ response, result }) => {
    expect(await apiTo(answers(response)).reboot(signal)).toEqual(result);
  });
});

describe('any response', () => {
  const body = fc.oneof(fc.string(), fc.json(), fc.constantFrom('Status', 'Status 404 when POSTing', '{"update_state":"Ready"}'));
  const status = fc.oneof(fc.constantFrom(200, 204, 404, 409, 423, 500), fc.integer({ min: 100, max: 599 }));
  const answered = fc.record({ status, body });

  test('to an action is a result with a message', async () => {
    await fc.assert(
      fc.asyncProperty(answered, async ({ status, body }) => {
        const result = await apiTo(answers(() => textResponse(status, body))).prepare(signal);
        expect(result.kind === 'started' || result.message !== '').toBe(true);
      }),
    );
  });

  test('to a status request is a status or a transient error', async () => {
    await fc.assert(
      fc.asyncProperty(answered, async ({ status, body }) => {
        const asked = apiTo(answers(() => textResponse(status, body))).status(signal);
        const outcome = await asked.catch((error: unknown) => error);
        expect(outcome).toMatchObject(
          outcome instanceof Error ? { code: 'HOST_ANSWER', retry: 'transient' } : { kind: expect.any(String) },
        );
      }),
    );
  });
});

describe('transport failures', () => {
  const os = (): HttpResponse => jsonResponse(200, { version_id: '1.26.1' });

  test('a GET is retried once if its connection breaks', async () => {
    expect(await apiTo(answers(failure('ECONNRESET'), os)).os(signal)).toMatchObject({ version: '1.26.1' });
  });

  test('a GET is not retried twice', async () => {
    await expect(apiTo(answers(failure('ECONNRESET'), failure('ECONNRESET'), os)).os(signal)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      retry: 'transient',
    });
  });

  test('a POST is never retried, because it may have taken effect', async () => {
    await expect(apiTo(answers(failure('ECONNRESET'), () => textResponse(204))).prepare(signal)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });

  test('a socket that refuses connections for long is dead', async () => {
    const clock = new VirtualClock();
    const api = apiTo(answers(new Error('Cannot connect', { cause: failure('ECONNREFUSED') })), clock);
    await expect(api.os(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await clock.advance(14_000);
    await expect(api.os(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await clock.advance(1_000.25);
    await expect(api.os(signal)).rejects.toMatchObject({
      code: 'HOST_SOCKET_DEAD',
      retry: 'terminal',
      message: expect.stringContaining('The socket has refused connections for 15 s; ') as unknown as string,
    });
  });

  test('a response in between resets the time', async () => {
    const clock = new VirtualClock();
    const api = apiTo(answers(failure('ECONNREFUSED'), os, failure('ECONNREFUSED')), clock);
    await expect(api.os(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await clock.advance(10_000);
    await api.os(signal);
    await clock.advance(10_000);
    await expect(api.os(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  test('an abort ends a request with its own reason', async () => {
    const reason = new Error('stopping');
    await expect(apiTo(answers(os)).os(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('awaitCommand', () => {
  const prepare = async (host: SimulatedHost, clock: VirtualClock): Promise<CommandResult> => {
    const api = apiTo(host.handle, clock);
    await during(clock, api.refresh(signal));
    await during(clock, api.awaitCommand('refresh', { before: undefined, timeoutMs: 60_000 }, signal));
    const status = await during(clock, api.status(signal));
    const before = status.kind === 'known' ? status.mostRecentCommand?.timestamp : undefined;
    expect(await during(clock, api.prepare(signal))).toEqual({ kind: 'started' });
    return await during(clock, api.awaitCommand('prepare', { before, timeoutMs: 300_000 }, signal));
  };

  test('waits for the end of a download', async () => {
    const clock = new VirtualClock();
    expect(await prepare(simulatedHost(clock), clock)).toMatchObject({
      kind: 'ended',
      status: { updateState: 'Staged', stagedVersion: '1.27.0' },
    });
  });

  test.each([
    { name: 'notices the end of a short command soon', lastsMs: 1_000, withinMs: 250, looks: 7 },
    { name: 'checks a long command less often', lastsMs: 600_000, withinMs: 2_000, looks: 315 },
    { name: 'checks a short command once if no update waits for it', lastsMs: 1_900, firstPauseMs: 2_000, withinMs: 100, looks: 1 },
  ])('$name', async ({ lastsMs, withinMs, looks, ...pace }) => {
    const clock = new VirtualClock();
    const startMs = clock.monotonic();
    let asked = 0;
    const api = apiTo(() => {
      asked += 1;
      const ended = { update_state: 'Staged', most_recent_command: { cmd_type: 'prepare', cmd_status: 'Success', timestamp: 't2' } };
      return Promise.resolve(clock.monotonic() - startMs < lastsMs ? textResponse(423, 'locked') : jsonResponse(200, ended));
    }, clock);
    const result = await during(clock, api.awaitCommand('prepare', { before: 't1', timeoutMs: 3_600_000, ...pace }, signal));
    expect(result.kind).toBe('ended');
    expect(clock.monotonic() - startMs - lastsMs).toBeLessThanOrEqual(withinMs);
    expect(asked).toBeLessThanOrEqual(looks);
  });

  test('reports a failed download', async () => {
    const clock = new VirtualClock();
    const host = simulatedHost(clock);
    host.faults.downloadFails();
    expect(await prepare(host, clock)).toMatchObject({
      kind: 'ended',
      status: { updateState: 'Available', mostRecentCommand: { type: 'prepare', succeeded: false } },
    });
  });

  test('notices that the updater has crashed', async () => {
    const clock = new VirtualClock();
    const api = apiTo(simulatedHost(clock).handle, clock);
    await during(clock, api.deactivate(signal));
    expect(await during(clock, api.awaitCommand('refresh', { before: undefined, timeoutMs: 300_000 }, signal))).toMatchObject({
      kind: 'vanished',
    });
  });

  test('times out', async () => {
    const clock = new VirtualClock();
    const api = apiTo(
      answers(() => textResponse(423, 'locked')),
      clock,
    );
    expect(await during(clock, api.awaitCommand('prepare', { before: undefined, timeoutMs: 60_000 }, signal))).toMatchObject({
      kind: 'timeout',
    });
  });

  test('continues after a transient failure', async () => {
    const clock = new VirtualClock();
    const ended = (): HttpResponse =>
      jsonResponse(200, { update_state: 'Staged', most_recent_command: { cmd_type: 'prepare', cmd_status: 'Success', timestamp: 't2' } });
    const api = apiTo(answers(failure('ETIMEDOUT'), ended), clock);
    expect(await during(clock, api.awaitCommand('prepare', { before: 't1', timeoutMs: 60_000 }, signal))).toMatchObject({ kind: 'ended' });
  });

  test('rejects if the socket is dead', async () => {
    const clock = new VirtualClock();
    const api = apiTo(answers(failure('ECONNREFUSED')), clock);
    await expect(during(clock, api.awaitCommand('prepare', { before: undefined, timeoutMs: 600_000 }, signal))).rejects.toMatchObject({
      code: 'HOST_SOCKET_DEAD',
    });
  });
});

describe('over a unix socket', () => {
  test('an update goes from refresh to ready', async () => {
    const host = new SimulatedHost({
      clock: systemClock,
      random: seededRandom(1),
      name: 'a',
      version: '1.26.1',
      repository: { available: ['1.27.0', '1.26.1'] },
      timings: { requestMs: 0, refreshMs: 5, downloadMs: 5, activateMs: 5 },
    });
    const server = await serveUnix(host.handle, join(mkdtempSync(join(tmpdir(), 'host-')), 'api.sock'));
    const http = nodeHttpClient({ socketPath: server.socketPath, keepAlive: false });
    const api = createBottlerocketApi({ http, clock: systemClock, log: memoryLogger() });
    try {
      expect(await api.os(signal)).toMatchObject({ version: '1.26.1' });
      expect(await api.status(signal)).toEqual({ kind: 'uninitialized' });
      let before: string | undefined;
      for (const command of ['refresh', 'prepare', 'activate'] as const) {
        expect(await api[command](signal)).toEqual({ kind: 'started' });
        const result = await api.awaitCommand(command, { before, timeoutMs: 5_000, firstPauseMs: 5 }, signal);
        before = result.kind === 'ended' ? result.status.mostRecentCommand?.timestamp : undefined;
      }
      expect(await api.status(signal)).toMatchObject({ kind: 'known', updateState: 'Ready', stagedVersion: '1.27.0' });
      expect(await api.prepare(signal)).toMatchObject({ kind: 'not-allowed' });
    } finally {
      http.close();
      await server.close();
    }
    await expect(api.os(signal)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});
