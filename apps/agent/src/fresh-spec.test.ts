import { afterEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import { textResponse } from '@brupop/ports';
import { FRESH_MS } from './fresh-spec.ts';
import { AgentWorld } from './testing/agent-world.ts';

const HOUR = 3_600_000;
let world: AgentWorld;

afterEach(() => {
  world.kill();
});

/** Revokes the permission, which the cache of the apiserver shows after an hour. */
function revoke({ apiserver }: AgentWorld): void {
  apiserver.cacheLagMs = HOUR;
  apiserver.controls = false;
  apiserver.setDesired('Idle', null);
}

describe('a permission that is revoked while the cache of the apiserver lags', () => {
  test('does not let the agent report the drain and cordon the node', async () => {
    world = await new AgentWorld({}, { timings: { refreshMs: 60_000 } }).ready();
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => world.apiserver.shadow?.spec.state === 'RebootedIntoUpdate')).toBe(true);
    await world.clock.advance(30_000);
    revoke(world);
    await world.clock.advance(HOUR / 2);
    expect(world.apiserver.cordons).toBe(0);
  });

  test('is read again before a reboot that was reported long ago', async () => {
    world = await new AgentWorld().ready();
    world.host.faults.rebootRefused('always');
    let reboots = 0;
    world.onHostRequest = ({ path }) => {
      if (path === '/actions/reboot') reboots++;
    };
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => reboots === 2)).toBe(true);
    await world.clock.advance(1_000);
    revoke(world);
    await world.clock.advance(HOUR / 2);
    expect(reboots).toBe(2);
    expect(world.apiserver.cordoned).toBe(false);
  });

  test('is read again before a cordon that was refused and is retried', async () => {
    world = await new AgentWorld().ready();
    const unavailable = { method: 'POST', path: ROUTES.cordonAndDrain, response: () => Promise.resolve(textResponse(503)) };
    world.apiserver.failures.push(...Array.from({ length: 20 }, () => unavailable));
    const tries = (): number => world.apiserver.requests.filter((request) => request.endsWith(ROUTES.cordonAndDrain)).length;
    world.apiserver.setDesired('StagedAndPerformedUpdate', '1.27.0');
    expect(await world.until(() => tries() === 4)).toBe(true);
    revoke(world);
    await world.clock.advance(FRESH_MS);
    const before = tries();
    await world.clock.advance(HOUR / 2);
    expect(tries()).toBe(before);
  });
});
