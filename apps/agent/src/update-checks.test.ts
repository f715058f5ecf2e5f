import { afterEach, describe, expect, test } from '@jest/globals';
import type { ShadowUpdateCheck } from '@brupop/crd-models';
import { AgentWorld } from './testing/agent-world.ts';

const MINUTE = 60_000;

let world: AgentWorld;
const aWorld = (...settings: ConstructorParameters<typeof AgentWorld>): AgentWorld => (world = new AgentWorld(...settings));
afterEach(() => {
  world.kill();
});

const told = (): ShadowUpdateCheck | null | undefined => world.apiserver.status?.update_check;
const target = (): string | undefined => world.apiserver.status?.target_version;

describe('what an agent tells of checks for updates', () => {
  test('one that fails does not take the offer away, and the time of the last good one stands', async () => {
    await aWorld().ready();
    const before = told();
    expect(before).toMatchObject({ result: 'UpdateAvailable', checked_at: expect.any(String) as unknown as string });
    world.host.faults.refreshFails(1);
    await world.until(() => world.host.updateStatus?.state === 'Idle');
    await world.clock.advance(5_000);
    expect([target(), told()]).toEqual(['1.27.0', before]);
  });

  test('a repository that is dead from the start is "not known yet", then "cannot check", and never up to date', async () => {
    aWorld().host.faults.refreshFails('always');
    world.start();
    const results = new Set<string | undefined>();
    await world.clock.advanceUntil(() => {
      if (world.apiserver.status !== undefined) results.add(told()?.result);
      return told()?.result === 'Failing';
    }, 40 * MINUTE);
    expect([...results]).toEqual(['NotChecked', 'Failing']);
    expect(told()).toMatchObject({ checked_at: null, reason: 'RefreshFailed' });
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
      what: 'an update state that only newer hosts have',
      strike: () => {
        world.host.faults.reportsState('Foo');
      },
      reason: 'UnknownState',
    },
    {
      what: 'a host that somebody keeps busy',
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
  ])('$what is reported as such after half an hour, and no crash is forgotten for it', async ({ strike, reason }) => {
    await aWorld().ready();
    world.apiserver.edit({ crash_count: 3, failure_message: 'no disk' });
    const { bootId } = world.host;
    world.host.reboot();
    await world.until(() => world.host.bootId !== bootId);
    strike();
    await world.clock.advance(25 * MINUTE);
    expect(told()?.result).not.toBe('Failing');
    expect(await world.until(() => told()?.result === 'Failing', 10 * MINUTE)).toBe(true);
    expect(told()).toMatchObject({ reason });
    expect(world.apiserver.status).toMatchObject({ target_version: '1.26.1', crash_count: 3, failure_message: 'no disk' });
    world.host.faults.clear();
    world.hostAnswers = undefined;
    if (reason === 'HostBusy') return;
    expect(await world.until(() => told()?.result === 'UpdateAvailable', 10 * MINUTE)).toBe(true);
  });

  test('a host that refuses connections is reported although each process that notices ends for want of a new mount', async () => {
    await aWorld().ready();
    world.host.faults.refusesConnections();
    expect(await world.until(() => told()?.result === 'Failing', 120 * MINUTE)).toBe(true);
    expect(world.ends.length).toBeGreaterThan(10);
    expect(told()).toMatchObject({ reason: 'HostUnreachable' });
  });

  test('nothing is known after a rollback until the host has checked again', async () => {
    await aWorld().ready();
    world.host.faults.bootFails('always');
    await world.update();
    expect(world.apiserver.written.at(-1)?.update_check).toMatchObject({ result: 'NotChecked', checked_at: null });
    await world.until(() => told()?.result === 'UpdateAvailable', 5 * MINUTE);
    expect(target()).toBe('1.27.0');
  });

  test('a version lock is told as holding back what is listed', async () => {
    aWorld().host.versionLock = '1.26.1';
    world.start();
    expect(await world.until(() => told()?.result === 'NothingNewer')).toBe(true);
    expect(told()).toMatchObject({ newest_listed: '1.27.0' });
  });

  test('a host that checks once a day checks again soon after a failure', async () => {
    await aWorld({ updateCheckIntervalMs: 24 * 60 * MINUTE }).ready();
    world.host.faults.refreshFails(1);
    await world.until(() => world.host.updateStatus?.mostRecent?.status === 'Failed', 48 * 60 * MINUTE);
    expect(await world.until(() => world.host.updateStatus?.mostRecent?.status === 'Success', 10 * MINUTE)).toBe(true);
    expect(told()?.result).toBe('UpdateAvailable');
  });
});
