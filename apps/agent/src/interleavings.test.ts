import { afterEach, describe, expect, test } from '@jest/globals';
import type { SimulatedHost } from '@brupop/simulator';
import { AgentWorld } from './testing/agent-world.ts';

type Hand = (admin: SimulatedHost['admin']) => Promise<unknown>;

const COMMANDS: readonly { readonly name: string; readonly run: Hand }[] = [
  { name: 'update check', run: (admin) => admin.check() },
  { name: 'update apply', run: (admin) => admin.apply() },
  { name: 'update apply --reboot', run: (admin) => admin.apply({ reboot: true }) },
  { name: 'update cancel', run: (admin) => admin.cancel() },
  { name: 'reboot', run: (admin) => admin.reboot() },
];

let world: AgentWorld;
afterEach(() => {
  world.kill();
});

interface End {
  readonly version: string;
  readonly unrestored: boolean;
  readonly crashes: number | undefined;
  /** Drains without a reboot or a failure. */
  readonly needlessDrains: number;
}

/** Updates a host until it runs the new version, with three attempts at most. `before` gets the number of each request to the host. */
async function update(before: (request: number, world: AgentWorld) => void): Promise<End & { readonly requests: number }> {
  world = await new AgentWorld({ excludeFromLbWaitMs: 5_000 }).ready();
  const { apiserver, host, clock } = world;
  let boots = 0;
  host.onReboot(({ type }) => (boots += type === 'booted' ? 1 : 0));
  let requests = 0;
  world.onHostRequest = () => {
    before(requests++, world);
  };
  for (let attempt = 0; attempt < 3 && (attempt === 0 || host.version !== '1.27.0'); attempt++) {
    await world.update();
    // Commands that the administrator started have ended by now.
    await clock.advance(300_000);
  }
  const failures = apiserver.written.filter(({ current_state }) => current_state === 'ErrorReset').length;
  world.kill();
  return {
    version: host.version,
    unrestored: apiserver.cordoned || apiserver.excluded,
    crashes: apiserver.status?.crash_count,
    needlessDrains: Math.max(0, apiserver.cordons - boots - failures),
    requests,
  };
}

describe('an administrator who runs apiclient', () => {
  test.each(COMMANDS)('$name between any two steps of an update neither stops it nor causes a needless drain', async ({ run }) => {
    const { requests: undisturbed } = await update(() => undefined);
    expect(undisturbed).toBeGreaterThan(20);
    for (let at = 0; at < undisturbed; at++) {
      const { version, unrestored, crashes, needlessDrains } = await update((request, { host }) => {
        if (request === at) void run(host.admin);
      });
      expect({ at, version, unrestored, crashes, needlessDrains }).toEqual({
        at,
        version: '1.27.0',
        unrestored: false,
        crashes: 0,
        needlessDrains: 0,
      });
    }
  });
});
