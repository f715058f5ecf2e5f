import { afterEach, describe, expect, test } from '@jest/globals';
import type { ShadowUpdateCheck } from '@brupop/crd-models';
import { AgentWorld } from './testing/agent-world.ts';

const MINUTE = 60_000;

let world: AgentWorld;
const aWorld = (...settings: ConstructorParameters<typeof AgentWorld>): AgentWorld => (world = new AgentWorld(...settings));
afterEach(() => {
  world.kill();
});

const reported = (): ShadowUpdateCheck | null | undefined => world.apiserver.status?.update_check;
const target = (): string | undefined => world.apiserver.status?.target_version;

describe('the update check that an agent reports', () => {
  test('keeps the offer and the time of the last successful check when a check fails', async () => {
    await aWorld().ready();
    const before = reported();
    expect(before).toMatchObject({ result: 'UpdateAvailable', checked_at: expect.any(String) as unknown as string });
    world.host.faults.refreshFails(1);
    await world.until(() => world.host.updateStatus?.state === 'Idle');
    await world.clock.advance(5_000);
    expect([target(), reported()]).toEqual(['1.27.0', before]);
  });

  test('is "not known yet", then "cannot check", and never up to date, if the repository is unavailable from the start', async () => {
    aWorld().host.faults.refreshFails('always');
    world.start();
    const results = new Set<string | undefined>();
    await world.clock.advanceUntil(() => {
      if (world.apiserver.status !== undefined) results.add(reported()?.result);
      return reported()?.result === 'Failing';
    }, 40 * MINUTE);
    expect([...results]).toEqual(['NotChecked', 'Failing']);
    expect(reported()).toMatchObject({ checked_at: null, reason: 'RefreshFailed' });
  });

  test.each([
    {
      what: 'an updater that prints garbage',
      strike: () => {
        world.host.faults.unparsableOutput('always');
      },
      reason: 'NothingListed',
    },
    {
      what: 'an update state of newer hosts',
      strike: () => {
        world.host.faults.reportsState('Foo');
      },
      reason: 'UnknownState',
    },
    {
      what: 'a host that is kept busy',
      strike: () => {
        world.host.faults.busy(24 * 60 * MINUTE);
      },
      reason: 'HostBusy',
    },
    {
      what: 'a host whose API fails',
      strike: () => {
        world.hostAnswers = { status: 500, body: 'Update dispatcher failed' };
      },
      reason: 'HostAnswer',
    },
  ])('reports $what after half an hour, and keeps the crash count', async ({ strike, reason }) => {
    await aWorld().ready();
    world.apiserver.edit({ crash_count: 3, failure_message: 'no disk' });
    const { bootId } = world.host;
    world.host.reboot();
    await world.until(() => world.host.bootId !== bootId);
    strike();
    await world.clock.advance(25 * MINUTE);
    expect(reported()?.result).not.toBe('Failing');
    expect(await world.until(() => reported()?.result === 'Failing', 10 * MINUTE)).toBe(true);
    expect(reported()).toMatchObject({ reason });
    expect(world.apiserver.status).toMatchObject({ target_version: '1.26.1', crash_count: 3, failure_message: 'no disk' });
    world.host.faults.clear();
    world.hostAnswers = undefined;
    if (reason === 'HostBusy') return;
    expect(await world.until(() => reported()?.result === 'UpdateAvailable', 10 * MINUTE)).toBe(true);
  });

  test('reports a host that refuses connections, although each agent process exits to mount the socket again', async () => {
    await aWorld().ready();
    world.host.faults.refusesConnections();
    expect(await world.until(() => reported()?.result === 'Failing', 120 * MINUTE)).toBe(true);
    expect(world.ends.length).toBeGreaterThan(10);
    expect(reported()).toMatchObject({ reason: 'HostUnreachable' });
  });

  test('is unknown after a rollback until the host has checked again', async () => {
    await aWorld().ready();
    world.host.faults.bootFails('always');
    await world.update();
    expect(world.apiserver.written.at(-1)?.update_check).toMatchObject({ result: 'NotChecked', checked_at: null });
    await world.until(() => reported()?.result === 'UpdateAvailable', 5 * MINUTE);
    expect(target()).toBe('1.27.0');
  });

  test('reports newer listed versions that a version lock holds back', async () => {
    aWorld().host.versionLock = '1.26.1';
    world.start();
    expect(await world.until(() => reported()?.result === 'NothingNewer')).toBe(true);
    expect(reported()).toMatchObject({ newest_listed: '1.27.0' });
  });

  test('is retried soon after a failure on a host that checks once a day', async () => {
    await aWorld({ updateCheckIntervalMs: 24 * 60 * MINUTE }).ready();
    world.host.faults.refreshFails(1);
    await world.until(() => world.host.updateStatus?.mostRecent?.status === 'Failed', 48 * 60 * MINUTE);
    expect(await world.until(() => world.host.updateStatus?.mostRecent?.status === 'Success', 10 * MINUTE)).toBe(true);
    expect(reported()?.result).toBe('UpdateAvailable');
  });
});
