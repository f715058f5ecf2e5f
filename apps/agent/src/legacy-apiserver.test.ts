import { afterEach, describe, expect, test } from '@jest/globals';
import { seededRandom } from '@brupop/ports';
import type { HttpHandler } from '@brupop/ports';
import { AgentWorld } from './testing/agent-world.ts';
import { LegacyApiserver } from './testing/legacy-apiserver.ts';

const HOUR = 3_600_000;

let world: AgentWorld;
afterEach(() => {
  world.kill();
});

/** Sends each request to a replica of Brupop 1.x with this probability, otherwise to one of ours: a Service during an upgrade. */
function mixed(legacy: LegacyApiserver, chance: number): HttpHandler {
  const random = seededRandom(5);
  return (request, signal) => (random() < chance ? legacy : world.apiserver).handle(request, signal);
}

/** Whether the log contains this reason. */
const hasLogged = (reason: string): boolean => JSON.stringify(world.log.entries).includes(reason);

describe('an agent whose apiserver is that of Brupop 1.x', () => {
  test.each([
    {
      name: 'that does not know its UID',
      nodeUid: undefined,
      reason: 'This apiserver replica still runs Brupop 1.x and is yet to be upgraded: it requires the header BrupopNodeUid',
    },
    { name: 'that knows its UID', nodeUid: 'u', reason: 'The apiserver answered 405' },
  ])('$name waits, logs the reason, and changes nothing', async ({ nodeUid, reason }) => {
    world = new AgentWorld();
    const legacy = new LegacyApiserver();
    Object.assign(world, { front: legacy.handle, nodeUid });
    world.start();
    await world.clock.advance(HOUR);
    expect(hasLogged(reason)).toBe(true);
    expect([world.ends, legacy.obeyed, world.host.version]).toEqual([[], [], '1.26.1']);
  });

  test('continues as soon as the apiserver is upgraded', async () => {
    world = new AgentWorld();
    world.front = new LegacyApiserver().handle;
    world.start();
    await world.clock.advance(HOUR);
    world.front = undefined;
    expect(await world.until(() => world.apiserver.status?.target_version === '1.27.0', 120_000)).toBe(true);
    expect(await world.update()).toBe(true);
    expect(world.host.version).toBe('1.27.0');
  });

  test.each([
    { chance: 0.3, nodeUid: undefined },
    { chance: 0.3, nodeUid: 'u' },
    { chance: 0.7, nodeUid: undefined },
    { chance: 0.7, nodeUid: 'u' },
  ])('with probability $chance, otherwise ours (UID: $nodeUid), updates its node once and restores it', async ({ chance, nodeUid }) => {
    world = new AgentWorld({ excludeFromLbWaitMs: 30_000 });
    const legacy = new LegacyApiserver();
    Object.assign(world, { front: mixed(legacy, chance), nodeUid });
    await world.ready();
    let boots = 0;
    world.host.onReboot(({ type }) => (boots += type === 'booted' ? 1 : 0));
    expect(await world.update(24 * HOUR)).toBe(true);
    expect([world.host.version, boots]).toEqual(['1.27.0', 1]);
    expect(world.apiserver).toMatchObject({ cordoned: false, excluded: false, status: { crash_count: 0, progress: null } });
  });

  test('does not trust its blocking drain, which never fails', async () => {
    world = new AgentWorld();
    const legacy = new LegacyApiserver();
    await world.ready();
    world.nodeUid = 'u';
    world.kill();
    world.start();
    world.front = (request, signal) => (request.path.endsWith('/cordon-and-drain') ? legacy : world.apiserver).handle(request, signal);
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.clock.advance(HOUR);
    expect([legacy.obeyed.length > 0, world.host.version]).toEqual([true, '1.26.1']);
    expect(hasLogged('still runs Brupop 1.x')).toBe(true);
    world.front = undefined;
    expect(await world.until(() => world.host.version === '1.27.0')).toBe(true);
  });
});
