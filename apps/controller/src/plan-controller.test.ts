import { memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { DEFAULT_TIMEOUTS, type FleetObservation, type FleetPolicy } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { createAssumedShadows } from './assumed-shadows.ts';
import { createExclusion } from './exclusion.ts';
import { createFailingWrites } from './failing-writes.ts';
import { createPlanController } from './plan-controller.ts';

const EMPTY: FleetObservation = { nodes: [], shadows: [], agents: new Map() };
const POLICY = { maxConcurrentUpdates: 1, timeouts: DEFAULT_TIMEOUTS, window: { kind: 'always' }, soakMs: 0 } as unknown as FleetPolicy;

describe(createPlanController, () => {
  test.each([
    { name: 'plans after the condition write that it waits for', ends: false, plans: 1 },
    { name: 'does not plan if the term ends during that write: another process may be the leader', ends: true, plans: 0 },
  ])('$name', async ({ ends, plans }) => {
    const clock = new VirtualClock();
    const exclusion = createExclusion();
    const failingWrites = createFailingWrites(clock);
    const unused = (): Promise<never> => Promise.reject(new Error('not used'));
    let planned = 0;
    const controller = createPlanController({
      client: { request: unused, stream: unused },
      clock,
      random: seededRandom(1),
      log: memoryLogger(),
      namespace: 'brupop',
      policy: POLICY,
      assumed: createAssumedShadows(),
      failingWrites,
      exclusion,
      observe: () => EMPTY,
      onPlan: () => {
        planned++;
      },
      onChanged: () => undefined,
      onReconcile: () => undefined,
    });
    const write = Promise.withResolvers<undefined>();
    const writing = exclusion.run(() => write.promise);
    const term = new AbortController();
    const running = controller.run(term.signal);
    await clock.advance(1_000);
    expect(planned).toBe(0);
    if (ends) term.abort(new Error('the lease was lost'));
    write.resolve(undefined);
    await writing;
    await clock.advance(1_000);
    expect(planned).toBe(plans);
    term.abort(new Error('stopping'));
    await clock.advance(1_000);
    await running;
    expect(controller.lastPlan()).toBeUndefined();
  });
});
