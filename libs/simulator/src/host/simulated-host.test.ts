import { describe, expect, test } from '@jest/globals';
import { seededRandom, VirtualClock } from '@brupop/ports';
import type { HttpHandler, HttpRequest, HttpResponse } from '@brupop/ports';
import { SimulatedHost } from './simulated-host.ts';
import type { HostEvent, SimulatedHostOptions } from './simulated-host.ts';

const timings = { requestMs: 5, refreshMs: 1_000, downloadMs: 10_000, activateMs: 500, shutdownMs: 2_000, rebootMs: 30_000 };

class Bench {
  readonly clock = new VirtualClock();
  readonly host: SimulatedHost;

  constructor(options: Partial<SimulatedHostOptions> = {}) {
    this.host = new SimulatedHost({
      clock: this.clock,
      random: seededRandom(1),
      name: 'node-1',
      version: '1.26.1',
      repository: { available: ['1.26.1', '1.27.0'] },
      timings,
      ...options,
    });
  }

  async wait<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await this.clock.advanceUntil(() => settled, 3_600_000);
    return promise;
  }

  send(method: HttpRequest['method'], path: string, handler: HttpHandler = this.host.handle): Promise<HttpResponse> {
    return this.wait(handler({ method, path }, new AbortController().signal));
  }

  async act(action: string): Promise<number> {
    const { status } = await this.send('POST', `/actions/${action}`);
    return status;
  }

  /** Sends an action and waits for the child. */
  async complete(action: string): Promise<number> {
    const status = await this.act(action);
    await this.clock.advance(15_000);
    return status;
  }

  async status(): Promise<Record<string, unknown>> {
    const response = await this.send('GET', '/updates/status');
    return JSON.parse(await response.text()) as Record<string, unknown>;
  }

  async makeReady(): Promise<void> {
    for (const action of ['refresh-updates', 'prepare-update', 'activate-update']) await this.complete(action);
  }
}

describe(SimulatedHost, () => {
  test('reports the running version', async () => {
    const bench = new Bench();
    const response = await bench.send('GET', '/os');
    expect(response.headers['content-type']).toBe('application/json');
    expect(JSON.parse(await response.text())).toMatchObject({
      arch: 'x86_64',
      pretty_name: 'Bottlerocket OS 1.26.1 (aws-k8s-1.30)',
      variant_id: 'aws-k8s-1.30',
      version_id: '1.26.1',
    });
  });

  test.each([
    ['GET', '/nowhere'],
    ['POST', '/nowhere'],
    ['POST', '/os'],
    ['GET', '/actions/reboot'],
  ] as const)('answers %s %s with 404 and an empty body', async (method, path) => {
    const response = await new Bench().send(method, path);
    expect([response.status, await response.text(), response.headers]).toEqual([404, '', {}]);
  });

  test('has no status until the first action, and has one after it even if the action is refused', async () => {
    const bench = new Bench();
    const before = await bench.send('GET', '/updates/status');
    expect([before.status, await before.text(), before.headers]).toEqual([
      404,
      'Update status is uninitialized, refresh-updates to initialize it',
      {},
    ]);
    expect(await bench.act('prepare-update')).toBe(409);
    expect(await bench.status()).toEqual({
      update_state: 'Idle',
      available_updates: [],
      chosen_update: null,
      active_partition: { image: { arch: 'x86_64', version: '1.26.1', variant: 'aws-k8s-1.30' }, next_to_boot: true },
      staging_partition: null,
      most_recent_command: null,
    });
  });

  test('answers 204 immediately and holds the lock until the child has ended', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    expect(await bench.act('prepare-update')).toBe(204);
    expect(bench.clock.monotonic()).toBeLessThan(15_100);
    for (const action of ['refresh-updates', 'prepare-update', 'activate-update', 'deactivate-update'])
      expect(await bench.act(action)).toBe(423);
    const status = await bench.send('GET', '/updates/status');
    expect([status.status, (await status.text()).startsWith('Unable to obtain shared lock')]).toEqual([423, true]);
    expect((await bench.send('GET', '/os')).status).toBe(200);
    await bench.clock.advance(timings.downloadMs);
    expect(await bench.status()).toMatchObject({
      update_state: 'Staged',
      most_recent_command: { cmd_type: 'prepare', cmd_status: 'Success' },
    });
  });

  test('updates: refresh, prepare, activate, reboot into the new version', async () => {
    const bench = new Bench();
    const events: HostEvent[] = [];
    bench.host.onReboot((event) => events.push(event));
    await bench.makeReady();
    expect(await bench.status()).toMatchObject({
      update_state: 'Ready',
      available_updates: ['1.27.0', '1.26.1'],
      active_partition: { next_to_boot: false },
      staging_partition: { image: { version: '1.27.0' }, next_to_boot: true },
    });
    const { bootId } = bench.host;
    expect([await bench.act('reboot'), await bench.act('reboot')]).toEqual([204, 204]);
    await bench.clock.advance(timings.shutdownMs);
    await expect(bench.send('GET', '/os')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await bench.clock.advance(timings.rebootMs);
    expect(bench.host.version).toBe('1.27.0');
    expect(bench.host.bootId).not.toBe(bootId);
    expect(events.map(({ type }) => type)).toEqual(['shutting-down', 'down', 'booted']);
    expect((await bench.send('GET', '/updates/status')).status).toBe(404);
    await bench.complete('refresh-updates');
    expect(await bench.status()).toMatchObject({ update_state: 'Idle', chosen_update: null });
  });

  test('reports each command that it accepts, but no command that it refuses', async () => {
    const commands: string[] = [];
    const bench = new Bench({ onCommand: (command) => commands.push(command) });
    for (const action of ['prepare-update', 'refresh-updates', 'refresh-updates', 'reboot']) await bench.act(action);
    expect(commands).toEqual(['refresh']);
  });

  test('rolls back silently when the new version does not boot', async () => {
    const bench = new Bench();
    bench.host.faults.bootFails(1);
    await bench.makeReady();
    const { bootId } = bench.host;
    await bench.act('reboot');
    await bench.clock.advance(timings.shutdownMs + 2 * timings.rebootMs);
    expect([bench.host.version, bench.host.bootId === bootId]).toEqual(['1.26.1', false]);
    await bench.complete('refresh-updates');
    expect(await bench.status()).toMatchObject({ update_state: 'Available', chosen_update: { version: '1.27.0' } });
  });

  test('loses a staged image, and a download in progress, at a reboot', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    await bench.act('prepare-update');
    await bench.act('reboot');
    await bench.clock.advance(60_000);
    await bench.complete('refresh-updates');
    expect([bench.host.version, await bench.act('activate-update')]).toEqual(['1.26.1', 409]);
  });

  test('cannot activate after a second download has failed', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    await bench.complete('prepare-update');
    bench.host.faults.downloadFails(1);
    await bench.complete('prepare-update');
    expect(await bench.status()).toMatchObject({ update_state: 'Staged', staging_partition: { image: { version: '1.27.0' } } });
    expect(await bench.complete('activate-update')).toBe(204);
    expect(await bench.status()).toMatchObject({
      update_state: 'Staged',
      most_recent_command: { cmd_type: 'activate', cmd_status: 'Failed' },
    });
    await bench.complete('prepare-update');
    await bench.complete('activate-update');
    expect(await bench.status()).toMatchObject({ update_state: 'Ready' });
  });

  test('goes from Available to Idle after a failed refresh, and keeps the chosen update', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    bench.host.faults.refreshFails(1);
    await bench.complete('refresh-updates');
    expect(await bench.status()).toMatchObject({ update_state: 'Idle', chosen_update: { version: '1.27.0' } });
    expect(await bench.act('prepare-update')).toBe(409);
  });

  test('may lose the chosen update of a staged image in a refresh: prepare is 404, activate works', async () => {
    const repository = { available: ['1.26.1', '1.27.0'] };
    const bench = new Bench({ repository });
    await bench.complete('refresh-updates');
    await bench.complete('prepare-update');
    repository.available = ['1.26.1'];
    await bench.complete('refresh-updates');
    expect(await bench.status()).toMatchObject({ update_state: 'Staged', chosen_update: null });
    expect([await bench.act('prepare-update'), await bench.complete('activate-update')]).toEqual([404, 204]);
    expect(await bench.status()).toMatchObject({ update_state: 'Ready' });
  });

  test('downloads what the repository offers by then, whatever the status says', async () => {
    const repository = { available: ['1.26.1', '1.27.0'] };
    const bench = new Bench({ repository });
    await bench.complete('refresh-updates');
    repository.available.push('1.28.0');
    await bench.complete('prepare-update');
    expect(await bench.status()).toMatchObject({
      update_state: 'Staged',
      staging_partition: { image: { version: '1.27.0' } },
      most_recent_command: { stderr: 'Starting update to 1.28.0\n' },
    });
    await bench.complete('activate-update');
    await bench.act('reboot');
    await bench.clock.advance(timings.shutdownMs + timings.rebootMs);
    expect(bench.host.version).toBe('1.28.0');
  });

  test('stages nothing, but reports Staged, when the repository no longer offers the update', async () => {
    const repository = { available: ['1.26.1', '1.27.0'] };
    const bench = new Bench({ repository });
    await bench.complete('refresh-updates');
    repository.available.pop();
    await bench.complete('prepare-update');
    expect(await bench.status()).toMatchObject({
      update_state: 'Staged',
      most_recent_command: { cmd_status: 'Success', stderr: 'No update required\n' },
    });
    await bench.complete('activate-update');
    expect(await bench.status()).toMatchObject({
      update_state: 'Staged',
      most_recent_command: { cmd_type: 'activate', cmd_status: 'Failed' },
    });
  });

  test('boots the image of an earlier update if the repository no longer offers this one and it is activated anyway', async () => {
    const repository = { available: ['1.26.1', '1.27.0'] };
    const bench = new Bench({ repository, inactive: '1.25.0' });
    await bench.complete('refresh-updates');
    repository.available.pop();
    await bench.complete('prepare-update');
    await bench.complete('activate-update');
    expect(await bench.status()).toMatchObject({ update_state: 'Ready', staging_partition: { image: { version: '1.27.0' } } });
    await bench.act('reboot');
    await bench.clock.advance(timings.shutdownMs + timings.rebootMs);
    expect(bench.host.version).toBe('1.25.0');
  });

  test('may have an updater that does not print the version that it downloads', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    bench.host.faults.otherWords();
    await bench.complete('prepare-update');
    expect(await bench.status()).toMatchObject({ update_state: 'Staged', most_recent_command: { cmd_status: 'Success', stderr: '' } });
  });

  test('prints as much on stderr as the updater does', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    bench.host.faults.downloadFails(1);
    await bench.complete('prepare-update');
    expect(await bench.status()).toMatchObject({
      most_recent_command: { exit_status: 1, stderr: 'Starting update to 1.27.0\nFailed to prepare\n' },
    });
  });

  test('changes nothing when a child dies', async () => {
    const bench = new Bench();
    await bench.complete('refresh-updates');
    const before = await bench.status();
    bench.host.faults.childDies(1);
    expect(await bench.complete('prepare-update')).toBe(204);
    expect(await bench.status()).toEqual(before);
  });

  test('reports success without a change when the output is unreadable', async () => {
    const bench = new Bench();
    bench.host.faults.unparsableOutput(1);
    await bench.complete('refresh-updates');
    expect(await bench.status()).toMatchObject({ update_state: 'Idle', most_recent_command: { cmd_status: 'Success' } });
  });

  test('gives every command its own timestamp', async () => {
    const bench = new Bench({ timings: { ...timings, refreshMs: 0 } });
    const seen = new Set<unknown>();
    for (let round = 0; round < 3; round++) {
      await bench.act('refresh-updates');
      await bench.clock.settle();
      await bench.clock.advance(0);
      seen.add((await bench.status())['most_recent_command']);
    }
    expect(new Set([...seen].map((command) => (command as { timestamp: string }).timestamp)).size).toBe(3);
  });

  test('refuses one reboot with an inhibitor', async () => {
    const bench = new Bench();
    bench.host.faults.rebootRefused(1);
    const refused = await bench.send('POST', '/actions/reboot');
    expect([refused.status, await refused.text()]).toEqual([
      500,
      'Failed to reboot, exit code: 1, stderr: Operation inhibited by "kubelet"\n',
    ]);
    expect(await bench.act('reboot')).toBe(204);
  });

  test('stays down until powered on with the fault `neverComesBack`', async () => {
    const bench = new Bench();
    bench.host.faults.neverComesBack();
    await bench.act('reboot');
    await bench.clock.advance(3_600_000);
    expect(bench.host.isUp).toBe(false);
    bench.host.powerOn();
    await bench.clock.advance(timings.rebootMs);
    expect(bench.host.isUp).toBe(true);
  });

  test('is busy while another process holds the lock', async () => {
    const bench = new Bench();
    bench.host.faults.busy(5_000);
    expect(await bench.act('refresh-updates')).toBe(423);
    await bench.clock.advance(5_000);
    // A process without the lock does not write the status file.
    expect((await bench.send('GET', '/updates/status')).status).toBe(404);
    expect(await bench.act('refresh-updates')).toBe(204);
  });

  test('serves requests in turn: a slow one delays the others', async () => {
    const bench = new Bench();
    bench.host.faults.stall(3_000);
    const order: string[] = [];
    const ask = (path: string): Promise<unknown> =>
      bench.host
        .handle({ method: 'GET', path }, new AbortController().signal)
        .then(() => order.push(`${path} ${String(bench.clock.monotonic())}`));
    await bench.wait(Promise.all([ask('/updates/status'), ask('/os')]));
    expect(order).toEqual(['/updates/status 3005', '/os 3010']);
  });

  test('starts one of two simultaneous refreshes, and answers the other that the lock is taken', async () => {
    const bench = new Bench();
    const refresh = (): Promise<HttpResponse> =>
      bench.host.handle({ method: 'POST', path: '/actions/refresh-updates' }, new AbortController().signal);
    const responses = await bench.wait(Promise.all([refresh(), refresh()]));
    expect(responses.map(({ status }) => status)).toEqual([204, 423]);
  });

  test('resets a request in progress when it goes down', async () => {
    const bench = new Bench();
    const asked = bench.host.handle({ method: 'GET', path: '/os' }, new AbortController().signal);
    bench.host.powerOff();
    await expect(bench.wait(asked)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('has an idle worker after a boot', async () => {
    const bench = new Bench();
    bench.host.faults.stall(3_600_000);
    const stalled = bench.host.handle({ method: 'GET', path: '/os' }, new AbortController().signal);
    stalled.catch(() => undefined);
    await bench.clock.advance(1_000);
    bench.host.reboot();
    await bench.clock.advance(60_000);
    expect((await bench.send('GET', '/os')).status).toBe(200);
    expect(bench.clock.monotonic()).toBeLessThan(120_000);
  });

  test('a mounted socket stays dead after a restart of the API server and after a boot', async () => {
    const bench = new Bench();
    const mount = bench.host.mountSocket();
    expect((await bench.send('GET', '/os', mount)).status).toBe(200);
    bench.host.faults.socketDead();
    await expect(bench.send('GET', '/os', mount)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const second = bench.host.mountSocket();
    await bench.act('reboot');
    await bench.clock.advance(60_000);
    await expect(bench.send('GET', '/os', second)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await bench.send('GET', '/os', bench.host.mountSocket())).status).toBe(200);
  });

  test('an administrator applies, cancels, and meets the same locks as the agent', async () => {
    const bench = new Bench();
    expect(await bench.wait(bench.host.admin.apply())).toEqual({ ok: true });
    expect(bench.host.updateStatus?.state).toBe('Ready');
    // An image that is already applied does not cause a reboot.
    const { bootId } = bench.host;
    expect(await bench.wait(bench.host.admin.apply({ reboot: true }))).toEqual({ ok: true });
    await bench.clock.advance(60_000);
    expect(bench.host.bootId).toBe(bootId);
    expect(await bench.wait(bench.host.admin.cancel())).toEqual({ ok: true });
    expect(bench.host.updateStatus).toMatchObject({ state: 'Staged', mostRecent: { command: 'deactivate' } });
    bench.host.faults.busy(1_000);
    expect(await bench.wait(bench.host.admin.check())).toMatchObject({ ok: false });
    await bench.clock.advance(1_000);
    expect(await bench.wait(bench.host.admin.apply({ reboot: true }))).toEqual({ ok: true });
    await bench.clock.advance(60_000);
    expect(bench.host.version).toBe('1.27.0');
  });
});
