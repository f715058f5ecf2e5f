import { afterEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import { jsonResponse } from '@brupop/ports';
import type { HttpResponse } from '@brupop/ports';
import { DEFAULT_HOST_TIMINGS } from '@brupop/simulator';
import { DEFAULT_AGENT_SETTINGS } from '@brupop/state-machine';
import { AgentWorld } from './testing/agent-world.ts';

let world: AgentWorld;
const aWorld = (...settings: ConstructorParameters<typeof AgentWorld>): AgentWorld => (world = new AgentWorld(...settings));
afterEach(() => {
  world.kill();
});

const crashes = (): number | undefined => world.apiserver.status?.crash_count;
const statesWritten = (): readonly string[] =>
  world.apiserver.written.map(({ current_state, progress }) => progress?.step ?? current_state);
const unavailable = (): Promise<HttpResponse> => Promise.resolve(jsonResponse(503, { error: { code: 'NOT_READY', message: 'later' } }));
const connectionLost = (): Promise<HttpResponse> => Promise.reject(new Error('reset'));

describe('an idle agent', () => {
  test('creates its shadow and reports the available update', async () => {
    await aWorld().ready();
    expect(world.apiserver.status).toMatchObject({
      current_state: 'Idle',
      current_version: '1.26.1',
      target_version: '1.27.0',
      boot_id: world.host.bootId,
    });
  });

  test('writes nothing while nothing changes', async () => {
    await aWorld().ready();
    const before = world.apiserver.written.length;
    await world.clock.advance(3_500_000);
    expect(world.apiserver.written).toHaveLength(before);
  });

  test('reports about once an hour when its host last checked for updates', async () => {
    await aWorld().ready();
    const before = world.apiserver.written.length;
    await world.clock.advance(5.9 * 3_600_000);
    const written = world.apiserver.written.slice(before);
    expect(written.length).toBeGreaterThanOrEqual(4);
    expect(written.length).toBeLessThanOrEqual(5);
    const age = world.clock.now() - Date.parse(world.apiserver.status?.update_check?.checked_at ?? '');
    expect(age).toBeLessThan(3_900_000);
  });

  test('does not report repeatedly what an older apiserver, or an older CRD, drops', async () => {
    await aWorld().ready();
    world.apiserver.keepsChecks = false;
    world.repository.available.unshift('1.28.0');
    await world.until(() => world.apiserver.status?.target_version === '1.28.0');
    expect(world.apiserver.status).not.toHaveProperty('update_check');
    const before = world.apiserver.written.length;
    await world.clock.advance(3_000_000);
    expect(world.apiserver.written).toHaveLength(before);
  });

  test('polls about once a minute, without other requests', async () => {
    await aWorld().ready();
    const before = world.apiserver.requests.length;
    await world.clock.advance(600_000);
    const requests = world.apiserver.requests.slice(before);
    expect(new Set(requests)).toEqual(new Set([`GET ${ROUTES.shadow}`]));
    expect(requests.length).toBeLessThanOrEqual(11);
  });

  test('sends few requests to its host', async () => {
    await aWorld().ready();
    let requests = 0;
    world.onHostRequest = () => requests++;
    await world.clock.advance(3_600_000);
    expect(requests).toBeLessThanOrEqual(1.5 * 60);
  });

  test('uses a replaced token', async () => {
    await aWorld().ready();
    world.token = 'token-2';
    await world.clock.advance(120_000);
    world.token = 'token-1';
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
  });

  test('creates a deleted shadow again', async () => {
    await aWorld().ready();
    world.apiserver.shadow = undefined;
    expect(await world.until(() => world.apiserver.status?.target_version === '1.27.0')).toBe(true);
  });

  test('adopts changes of its status by other clients', async () => {
    await aWorld().ready();
    world.apiserver.edit({ crash_count: 7 });
    await world.clock.advance(60_000);
    world.apiserver.setDesired('Idle', null);
    await world.clock.advance(300_000);
    expect(crashes()).toBe(7);
  });
});

describe('an update', () => {
  test('performs every step in order and restores the node', async () => {
    await aWorld({ excludeFromLbWaitMs: 60_000 }).ready();
    const before = statesWritten().length;
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
    expect(world.apiserver).toMatchObject({ cordoned: false, excluded: false });
    expect(statesWritten().slice(before)).toEqual([
      'StagedAndPerformedUpdate',
      'Excluding',
      'Draining',
      'Rebooting',
      'Returning',
      'RebootedIntoUpdate',
      'MonitoringUpdate',
      'Idle',
    ]);
    expect(world.apiserver.status).toMatchObject({
      crash_count: 0,
      current_version: '1.27.0',
      target_version: '1.27.0',
      failure_message: null,
    });
  });

  test('takes little longer than its host', async () => {
    await aWorld().ready();
    const startMs = world.clock.monotonic();
    await world.update();
    // Download, activation, shutdown and boot.
    expect(world.clock.monotonic() - startMs - 69_000).toBeLessThan(4_000);
  });

  test('does not exclude the node from load balancers by default', async () => {
    await aWorld().ready();
    await world.update();
    expect(world.apiserver.requests).not.toContain(`POST ${ROUTES.excludeFromLb}`);
  });

  test.each(['GET', 'PUT'])('completes although each %s fails several times', async (method) => {
    await aWorld().ready();
    for (let times = 0; times < 5; times++) {
      world.apiserver.failures.push({ method, path: ROUTES.shadow, response: times % 2 === 0 ? unavailable : connectionLost });
    }
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes() }).toEqual({ version: '1.27.0', crashes: 0 });
  });

  test('waits for a long drain', async () => {
    await aWorld().ready();
    world.apiserver.drainWaits = 20;
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
  });

  test('completes although the agent is killed at any time', async () => {
    for (let at = 1; at < 14; at++) {
      await aWorld({ excludeFromLbWaitMs: 5_000 }).ready();
      world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
      await world.clock.advance(at * 3_000);
      if (world.host.isUp) {
        world.kill();
        world.start();
      }
      expect(
        await world.until(() => world.apiserver.shadow?.spec.state === 'Idle' && world.apiserver.status?.current_state === 'Idle'),
      ).toBe(true);
      expect({ at, version: world.host.version, crashes: crashes(), cordoned: world.apiserver.cordoned }).toEqual({
        at,
        version: '1.27.0',
        crashes: 0,
        cordoned: false,
      });
      world.kill();
    }
  });

  test('completes although reads lag behind writes', async () => {
    await aWorld().ready();
    world.apiserver.lagMs = 8_000;
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes() }).toEqual({ version: '1.27.0', crashes: 0 });
    const asked = (request: string): number => world.apiserver.requests.filter((one) => one === request).length;
    expect(asked(`POST ${ROUTES.cordonAndDrain}`)).toBe(1);
    // Staged, draining, rebooting, returning, rebooted, monitored, idle: none is reported twice because a read does not show it yet.
    expect(asked(`PUT ${ROUTES.shadow}`)).toBeLessThanOrEqual(9);
  });
});

describe('monitoring', () => {
  const SOAK = 300_000;
  const monitored = async (): Promise<void> => {
    await aWorld({ soakMs: SOAK }).ready();
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => world.apiserver.shadow?.spec.state === 'MonitoringUpdate')).toBe(true);
  };
  const isOver = (): boolean => world.apiserver.shadow?.spec.state === 'Idle';

  test('lasts until the node and its DaemonSets have been continuously healthy for the soak time', async () => {
    await monitored();
    await world.clock.advance(SOAK - 60_000);
    world.apiserver.healthy = false;
    await world.clock.advance(60_000);
    world.apiserver.healthy = true;
    expect(await world.until(isOver, SOAK - 60_000)).toBe(false);
    expect(await world.until(isOver, 120_000)).toBe(true);
  });

  test('continues while the node is not healthy', async () => {
    await monitored();
    world.apiserver.healthy = false;
    expect(await world.until(isOver, SOAK + 480_000)).toBe(false);
  });

  test('fails the version if the node does not become healthy in time, until it is healthy', async () => {
    await monitored();
    world.apiserver.healthy = false;
    const failed = (): boolean => (world.apiserver.shadow?.status?.crash_count ?? 0) === 1;
    expect(await world.until(isOver, SOAK + 480_000)).toBe(false);
    expect(await world.until(isOver, 120_000)).toBe(true);
    await world.clock.advance(3_600_000);
    expect(world.apiserver.shadow?.status).toMatchObject({
      current_state: 'Idle',
      current_version: '1.27.0',
      crash_count: 1,
      failed_versions: [{ version: '1.27.0', failures: 1 }],
      failure_message: 'The node is not healthy on 1.27.0: the Node is not Ready',
    });
    world.apiserver.healthy = true;
    expect(await world.until(() => !failed(), 360_000)).toBe(true);
    expect(world.apiserver.shadow?.status).toMatchObject({ crash_count: 0, failed_versions: [], failure_message: null });
  });

  test.each([-86_400_000, 86_400_000])('ends although the wall clock jumps by %i ms', async (byMs) => {
    await monitored();
    await world.clock.advance(60_000);
    world.clock.jump(byMs);
    expect(await world.until(isOver, SOAK + 60_000)).toBe(true);
  });
});

describe('a report that the apiserver rejects', () => {
  test('is sent again without messages, and the update continues', async () => {
    await aWorld().ready();
    world.apiserver.refusesMessages = true;
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
    expect(crashes()).toBe(0);
  });
});

describe('a failed update', () => {
  const drains = (): number => world.apiserver.requests.filter((request) => request === `POST ${ROUTES.cordonAndDrain}`).length;

  test('after a rollback restores the node, remembers the version, and does not drain again', async () => {
    await aWorld().ready();
    world.host.faults.bootFails('always');
    expect(await world.update()).toBe(true);
    await world.clock.advance(600_000);
    expect(drains()).toBe(1);
    expect(world.apiserver).toMatchObject({ cordoned: false, excluded: false });
    expect(world.apiserver.status).toMatchObject({
      current_version: '1.26.1',
      crash_count: 1,
      failed_versions: [{ version: '1.27.0', failures: 1 }],
      failure_message: 'The host did not boot into 1.27.0; it runs 1.26.1',
    });
    expect(statesWritten().filter((state) => state === 'ErrorReset')).toHaveLength(1);
  });

  test('succeeds at the next attempt, and then clears the failure', async () => {
    await aWorld().ready();
    world.host.faults.bootFails(1);
    await world.update();
    await world.clock.advance(300_000);
    expect(await world.update()).toBe(true);
    expect(world.apiserver.status).toMatchObject({ current_version: '1.27.0', crash_count: 0, failed_versions: [] });
  });

  test('retries a download that fails once', async () => {
    await aWorld().ready();
    world.host.faults.downloadFails(1);
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes() }).toEqual({ version: '1.27.0', crashes: 0 });
  });

  test('does not report a host as up to date while it cannot reach its repository', async () => {
    await aWorld().ready();
    world.host.faults.refreshFails('always');
    await world.clock.advance(1_500_000);
    expect(world.host.updateStatus).toMatchObject({ state: 'Idle', mostRecent: { status: 'Failed' } });
    expect(world.apiserver.status).toMatchObject({ target_version: '1.27.0', failure_message: null });
    await world.clock.advance(600_000);
    expect(world.apiserver.status).toMatchObject({
      target_version: '1.26.1',
      update_check: { result: 'Failing', reason: 'RefreshFailed', message: 'refresh failed with exit status 1: Failed to refresh' },
    });
    expect(world.apiserver.status?.failure_message).toBe(
      'The host cannot check for updates: refresh failed with exit status 1: Failed to refresh',
    );
    const writes = world.apiserver.written.length;
    await world.clock.advance(3_600_000);
    expect(world.apiserver.written.length).toBe(writes);
    world.host.faults.clear();
    await world.clock.advance(150_000);
    expect(world.apiserver.status).toMatchObject({ target_version: '1.27.0', failure_message: null, crash_count: 0 });
  });

  test.each([
    { what: 'download', path: '/actions/prepare-update', takesMs: DEFAULT_HOST_TIMINGS.downloadMs },
    { what: 'refresh', path: '/actions/refresh-updates', takesMs: DEFAULT_HOST_TIMINGS.refreshMs },
  ])('retries a failing $what after a pause each time', async ({ what, path, takesMs }) => {
    await aWorld().ready();
    world.host.faults.downloadFails('always');
    if (what === 'refresh') {
      world.host.faults.refreshFails('always');
      await world.until(() => world.host.updateStatus?.state === 'Idle');
    }
    const askedAtMs: number[] = [];
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.until(() => world.apiserver.status?.failure_message != null);
    world.onHostRequest = (request) => {
      if (request.path === path) askedAtMs.push(world.clock.monotonic());
    };
    const startMs = world.clock.monotonic();
    await world.clock.advance(300_000);
    const pauses = askedAtMs.map((atMs, index) => atMs - (askedAtMs[index - 1] ?? startMs - takesMs));
    expect(pauses.length).toBeGreaterThan(4);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(takesMs + DEFAULT_AGENT_SETTINGS.retryMs);
  });

  test('does not download again if the host was busy at the activation', async () => {
    await aWorld().ready();
    let downloads = 0;
    let isBusy = true;
    world.onHostRequest = ({ path }) => {
      if (path === '/actions/prepare-update') downloads++;
      if (path === '/actions/activate-update' && isBusy) {
        isBusy = false;
        world.host.faults.busy(3_000);
      }
    };
    expect(await world.update()).toBe(true);
    expect({ isBusy, downloads, version: world.host.version, crashes: crashes() }).toEqual({
      isBusy: false,
      downloads: 1,
      version: '1.27.0',
      crashes: 0,
    });
  });

  test('installs a release that appears between refresh and download, and does not fail the desired one', async () => {
    await aWorld().ready();
    world.repository.available.unshift('1.28.0');
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes(), drains: drains() }).toEqual({ version: '1.26.1', crashes: 0, drains: 0 });
    expect(world.apiserver.status).toMatchObject({ target_version: '1.28.0', failed_versions: [], failure_message: null });
    expect(await world.update(undefined, '1.28.0')).toBe(true);
    expect(world.apiserver).toMatchObject({ cordoned: false, excluded: false });
    expect(world.apiserver.status).toMatchObject({ current_version: '1.28.0', crash_count: 0, failed_versions: [] });
  });

  test('reports one failure and does not drain if the download never succeeds', async () => {
    await aWorld({ stageTimeoutMs: 300_000 }).ready();
    world.host.faults.downloadFails('always');
    expect(await world.update()).toBe(true);
    expect({ crashes: crashes(), drains: drains() }).toEqual({ crashes: 1, drains: 0 });
  });

  test('ends soon and does not fail the version if it is withdrawn before its download', async () => {
    await aWorld().ready();
    world.repository.available.shift();
    expect(await world.update(120_000)).toBe(true);
    expect({ crashes: crashes(), drains: drains() }).toEqual({ crashes: 0, drains: 0 });
    expect(world.apiserver.status).toMatchObject({ target_version: '1.26.1', failed_versions: [], failure_message: null });
  });

  test('reports a download that never ends at the deadline of the agent, before that of the controller', async () => {
    await aWorld().ready();
    world.onHostRequest = ({ path }) => {
      if (path !== '/actions/prepare-update') return;
      world.clock.setTimer(1_000, () => {
        world.host.faults.busy(10 * 3_600_000);
      });
    };
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.until(() => world.apiserver.status?.failure_message != null, DEFAULT_AGENT_SETTINGS.stageTimeoutMs + 60_000);
    expect(world.apiserver.status?.failure_message).toBe('The host was still busy at the deadline: prepare took longer than 1500 s');
    expect({ crashes: crashes(), drains: drains() }).toEqual({ crashes: 1, drains: 0 });
  });

  test('requests a refused reboot again, and drains the node once', async () => {
    await aWorld().ready();
    world.host.faults.rebootRefused(3);
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes(), drains: drains() }).toEqual({ version: '1.27.0', crashes: 0, drains: 1 });
  });

  test('requests a refused reboot again after a pause each time, also after the refusal was reported', async () => {
    await aWorld().ready();
    world.host.faults.rebootRefused(3);
    const askedAtMs: number[] = [];
    world.onHostRequest = ({ path }) => {
      if (path === '/actions/reboot') askedAtMs.push(world.clock.monotonic());
    };
    await world.update();
    const pauses = askedAtMs.slice(1).map((atMs, index) => atMs - (askedAtMs[index] ?? 0));
    expect(pauses.length).toBe(3);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(DEFAULT_AGENT_SETTINGS.retryMs);
  });

  test('restores the node if the reboot is always refused', async () => {
    await aWorld().ready();
    world.host.faults.rebootRefused('always');
    expect(await world.update()).toBe(true);
    expect(world.apiserver).toMatchObject({ cordoned: false });
    expect(world.apiserver.status).toMatchObject({ crash_count: 1, failed_versions: [] });
    expect(world.apiserver.status?.failure_message).toContain('refused to reboot');
    expect(world.host.updateStatus?.state).toBe('Staged');
  });

  test('restores the node after the timeout of a blocked drain, and keeps the reason', async () => {
    await aWorld({ drainTimeoutMs: 120_000 }).ready();
    world.apiserver.drainWaits = 100_000;
    expect(await world.update()).toBe(true);
    expect(world.apiserver).toMatchObject({ cordoned: false });
    expect(world.apiserver.status?.failure_message).toContain('PodDisruptionBudget web blocks');
    expect(crashes()).toBe(1);
  });

  test('continues a drain past its timeout while the apiserver is unavailable', async () => {
    await aWorld({ drainTimeoutMs: 120_000 }).ready();
    for (let times = 0; times < 15; times++)
      world.apiserver.failures.push({
        method: 'POST',
        path: ROUTES.cordonAndDrain,
        response: times % 2 === 0 ? unavailable : connectionLost,
      });
    expect(await world.update()).toBe(true);
    expect({ version: world.host.version, crashes: crashes() }).toEqual({ version: '1.27.0', crashes: 0 });
  });

  test('restores the node immediately if the apiserver ends the drain', async () => {
    await aWorld().ready();
    const gaveUp = (): Promise<HttpResponse> =>
      Promise.resolve(jsonResponse(409, { error: { code: 'DRAIN_TIMED_OUT', message: 'web blocks' } }));
    world.apiserver.failures.push({ method: 'POST', path: ROUTES.cordonAndDrain, response: gaveUp });
    expect(await world.update()).toBe(true);
    expect({ crashes: crashes(), drains: drains() }).toEqual({ crashes: 1, drains: 1 });
  });

  test('is counted once, however late the controller observes it', async () => {
    await aWorld({ stageTimeoutMs: 60_000 }).ready();
    world.apiserver.controls = false;
    world.host.faults.downloadFails('always');
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.clock.advance(3_600_000);
    expect(crashes()).toBe(1);
  });
});

describe('an update that is no longer offered', () => {
  const commands = (): string[] => {
    const asked: string[] = [];
    world.onHostRequest = ({ method, path }) => {
      if (method === 'POST') asked.push(path.replace('/actions/', ''));
    };
    return asked;
  };
  const drains = (): number => world.apiserver.requests.filter((request) => request === `POST ${ROUTES.cordonAndDrain}`).length;
  const isIdle = (): boolean => world.apiserver.shadow?.spec.state === 'Idle' && world.apiserver.status?.current_state === 'Idle';
  const withdraw = (): void => void world.repository.available.shift();
  const lock = (): void => {
    world.host.versionLock = 'v1.26.1';
  };
  /** Staged, and waiting for a slot. */
  const staged = async (): Promise<void> => {
    await aWorld().ready();
    world.apiserver.controls = false;
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => world.apiserver.status?.current_state === 'StagedAndPerformedUpdate')).toBe(true);
    world.apiserver.controls = true;
  };
  const allow = (): void => {
    world.apiserver.setDesired('RebootedIntoUpdate', '1.27.0');
  };
  const ended = (): unknown => ({
    version: world.host.version,
    state: world.host.updateStatus?.state,
    drains: drains(),
    target: world.apiserver.status?.target_version,
    crashes: crashes(),
    failed: world.apiserver.status?.failed_versions,
    message: world.apiserver.status?.failure_message,
  });
  const NOTHING_LOST = { version: '1.26.1', state: 'Staged', drains: 0, target: '1.26.1', crashes: 0, failed: [], message: null };

  test.each([
    { how: 'withdrawn', take: withdraw },
    { how: 'locked out by an administrator', take: lock },
  ])('is deactivated and ends without a failure if it is $how while it waits for a slot', async ({ take }) => {
    await staged();
    await world.clock.advance(3 * 3_600_000);
    take();
    expect(await world.until(isIdle, 200_000)).toBe(true);
    expect(ended()).toEqual(NOTHING_LOST);
  });

  test.each([
    { how: 'withdrawn', take: withdraw },
    { how: 'locked out by an administrator', take: lock },
  ])('does not drain the node if it is $how when the slot is free', async ({ take }) => {
    await staged();
    await world.clock.advance(6 * 3_600_000);
    take();
    allow();
    expect(await world.until(isIdle, 60_000)).toBe(true);
    expect(ended()).toEqual(NOTHING_LOST);
  });

  test('restores the node and ends without a failure during a long drain', async () => {
    await staged();
    world.apiserver.drainWaits = 100_000;
    allow();
    await world.clock.advance(300_000);
    withdraw();
    expect(await world.until(isIdle, 3_600_000)).toBe(true);
    expect(ended()).toEqual({ ...NOTHING_LOST, drains: expect.any(Number) });
    expect(world.apiserver.cordoned).toBe(false);
  });

  test('differs from one that the host cannot check: that node waits, reports the reason, and is not drained', async () => {
    await staged();
    world.host.faults.refreshFails('always');
    allow();
    await world.clock.advance(600_000);
    expect(world.apiserver.status).toMatchObject({ current_state: 'StagedAndPerformedUpdate', progress: null, crash_count: 0 });
    expect(world.apiserver.status?.failure_message).toBe(
      'Checking before the drain that 1.27.0 is still offered: refresh failed with exit status 1: Failed to refresh',
    );
    expect(drains()).toBe(0);
    world.host.faults.clear();
    expect(await world.until(isIdle)).toBe(true);
    expect([world.host.version, crashes()]).toEqual(['1.27.0', 0]);
  });

  test('ends at the deadline if the host cannot check it, and the version does not fail', async () => {
    await staged();
    world.host.faults.refreshFails('always');
    allow();
    expect(await world.until(isIdle, DEFAULT_AGENT_SETTINGS.stageTimeoutMs + 60_000)).toBe(true);
    expect({ version: world.host.version, crashes: crashes(), drains: drains() }).toEqual({ version: '1.26.1', crashes: 1, drains: 0 });
    expect(world.apiserver.status?.failed_versions).toEqual([]);
  });

  test('ends without a failure if the agent was killed between any two steps', async () => {
    for (let at = 0; at < 8; at++) {
      await staged();
      withdraw();
      allow();
      await world.clock.advance(at * 400);
      world.kill();
      world.start();
      expect(await world.until(isIdle, 120_000)).toBe(true);
      expect({ at, ended: ended() }).toEqual({ at, ended: NOTHING_LOST });
      world.kill();
    }
  });

  test('is not booted if the updater downloads nothing, whatever image the disk contains', async () => {
    world = new AgentWorld({}, { inactive: '1.25.0' });
    await world.ready();
    world.repository.available.shift();
    const asked = commands();
    await world.update();
    await world.clock.advance(600_000);
    expect(world.host.version).toBe('1.26.1');
    expect(asked).not.toContain('activate-update');
    // It is offered again, and the host reports it as staged: the image is downloaded again.
    world.repository.available.unshift('1.27.0');
    await world.until(() => world.apiserver.status?.target_version === '1.27.0');
    world.kill();
    world.start();
    expect(await world.update()).toBe(true);
    expect(world.apiserver.status).toMatchObject({ current_version: '1.27.0', crash_count: 0, failed_versions: [] });
  });

  test('differs from one for which the host cannot parse the output of the updater', async () => {
    world = new AgentWorld();
    world.host.faults.unparsableOutput('always');
    world.start();
    await world.until(() => world.apiserver.status !== undefined);
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.clock.advance(600_000);
    expect(world.apiserver.shadow?.spec.state).toBe('StagedAndPerformedUpdate');
    world.host.faults.clear();
    expect(await world.until(isIdle)).toBe(true);
    expect([world.host.version, crashes()]).toEqual(['1.27.0', 0]);
  });

  test('is not downloaded twice if it was staged by the previous attempt and is offered again', async () => {
    await aWorld({ drainTimeoutMs: 120_000 }).ready();
    world.apiserver.drainWaits = 100_000;
    const asked = commands();
    await world.update();
    world.apiserver.drainWaits = 0;
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
    expect(asked.filter((command) => command === 'prepare-update')).toHaveLength(1);
  });

  test('is recognized by the offer after the download if the output of the updater is unknown', async () => {
    await aWorld().ready();
    world.host.faults.otherWords('always');
    const asked = commands();
    expect(await world.update()).toBe(true);
    expect(asked.filter((command) => command !== 'reboot')).toEqual([
      'prepare-update',
      'refresh-updates',
      'activate-update',
      'refresh-updates',
    ]);
    expect(world.apiserver.status).toMatchObject({ current_version: '1.27.0', crash_count: 0 });
  });

  test('is not booted if the output of the updater is unknown and a newer version was downloaded instead', async () => {
    await aWorld().ready();
    world.host.faults.otherWords('always');
    world.repository.available.unshift('1.28.0');
    expect(await world.update()).toBe(true);
    expect(ended()).toEqual({ ...NOTHING_LOST, target: '1.28.0' });
  });
});

describe('an unavailable host API', () => {
  const isRebooting = (): boolean => !world.host.isUp || world.host.version === '1.27.0';

  test('makes the agent exit, so that its container mounts the new socket', async () => {
    await aWorld().ready();
    world.host.faults.socketDead();
    expect(await world.until(() => world.ends.length > 0)).toBe(true);
    expect(world.ends[0]).toMatchObject({ code: 'HOST_SOCKET_DEAD' });
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
  });

  test('delays a drained node for half a minute at most, and is reported', async () => {
    const waits: number[] = [];
    for (let at = 0; at < 6; at++) {
      await aWorld({ excludeFromLbWaitMs: 5_000 }).ready();
      world.apiserver.drainWaits = 3;
      world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
      await world.until(() => world.apiserver.cordoned);
      await world.clock.advance(at * 3_000);
      world.host.faults.socketDead();
      const deadAtMs = world.clock.monotonic();
      const message = (): string | undefined => world.apiserver.status?.progress?.message;
      expect(await world.until(() => message()?.startsWith('The host API does not respond: ') === true, 15_000)).toBe(true);
      expect(await world.until(isRebooting, 60_000)).toBe(true);
      waits.push(world.clock.monotonic() - deadAtMs);
      expect(message()).not.toContain('does not answer');
      expect(await world.until(() => world.apiserver.status?.current_state === 'Idle')).toBe(true);
      expect([world.host.version, crashes()]).toEqual(['1.27.0', 0]);
      world.kill();
    }
    expect(Math.max(...waits)).toBeLessThan(45_000);
  });

  test('is not reported, and does not end the agent, while the host shuts down', async () => {
    world = new AgentWorld({}, { timings: { shutdownMs: 400_000 } });
    world.outlastsServices = true;
    await world.ready();
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => world.apiserver.status?.progress?.step === 'Rebooting')).toBe(true);
    await world.clock.advance(2_000);
    world.host.faults.socketDead();
    await world.clock.advance(300_000);
    expect([world.ends, world.apiserver.status?.progress?.message]).toEqual([[], 'Rebooting into 1.27.0']);
    expect(await world.until(() => world.apiserver.status?.current_version === '1.27.0')).toBe(true);
  });
});

describe('a refresh that takes longer than its timeout', () => {
  test.each([340_000, 700_000])('of %i ms is used when it ends', async (refreshMs) => {
    world = new AgentWorld({ updateCheckIntervalMs: 30_000 }, { timings: { refreshMs } });
    world.start();
    expect(await world.until(() => world.apiserver.status?.target_version === '1.27.0', refreshMs + 10_000)).toBe(true);
    expect(await world.update(2 * refreshMs + 600_000)).toBe(true);
    expect([world.host.version, crashes()]).toEqual(['1.27.0', 0]);
  });
});
