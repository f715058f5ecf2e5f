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

/** Each request meets a replica of the original with this chance, else one of ours: as behind a Service in the middle of an upgrade. */
function mixed(original: LegacyApiserver, chance: number): HttpHandler {
  const random = seededRandom(5);
  return (request, signal) => (random() < chance ? original : world.apiserver).handle(request, signal);
}

/** Whether the log has given this reason. */
const hasTold = (reason: string): boolean => JSON.stringify(world.log.entries).includes(reason);

describe('an agent before an apiserver of the original', () => {
  test.each([
    {
      name: 'that does not know its UID',
      nodeUid: undefined,
      reason: 'The apiserver is one of Brupop 1.x, which has yet to be replaced: it insists on the header BrupopNodeUid',
    },
    { name: 'that knows its UID', nodeUid: 'u', reason: 'The apiserver answered 405' },
  ])('$name waits, says for what, and touches nothing', async ({ nodeUid, reason }) => {
    world = new AgentWorld();
    const original = new LegacyApiserver();
    Object.assign(world, { front: original.handle, nodeUid });
    world.start();
    await world.clock.advance(HOUR);
    expect(hasTold(reason)).toBe(true);
    expect([world.ends, original.obeyed, world.host.version]).toEqual([[], [], '1.26.1']);
  });

  test('goes on as soon as the apiserver has been replaced', async () => {
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
  ])('with a chance of $chance, else one of ours (UID: $nodeUid), updates its node once and gives it back', async ({ chance, nodeUid }) => {
    world = new AgentWorld({ excludeFromLbWaitMs: 30_000 });
    const original = new LegacyApiserver();
    Object.assign(world, { front: mixed(original, chance), nodeUid });
    await world.ready();
    let boots = 0;
    world.host.onReboot(({ type }) => (boots += type === 'booted' ? 1 : 0));
    expect(await world.update(24 * HOUR)).toBe(true);
    expect([world.host.version, boots]).toEqual(['1.27.0', 1]);
    expect(world.apiserver).toMatchObject({ cordoned: false, excluded: false, status: { crash_count: 0, progress: null } });
  });

  test('does not take its blocking drain, which never fails, for a drain', async () => {
    world = new AgentWorld();
    const original = new LegacyApiserver();
    await world.ready();
    world.nodeUid = 'u';
    world.kill();
    world.start();
    world.front = (request, signal) => (request.path.endsWith('/cordon-and-drain') ? original : world.apiserver).handle(request, signal);
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    await world.clock.advance(HOUR);
    expect([original.obeyed.length > 0, world.host.version]).toEqual([true, '1.26.1']);
    expect(hasTold('The apiserver is one of Brupop 1.x')).toBe(true);
    world.front = undefined;
    expect(await world.until(() => world.host.version === '1.27.0')).toBe(true);
  });
});
