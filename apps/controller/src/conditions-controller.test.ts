import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { KubeApiError } from '@brupop/kube-runtime';
import type { KubeClient } from '@brupop/kube-runtime';
import { memoryLogger, seededRandom, sleep, VirtualClock } from '@brupop/ports';
import type { FleetHold } from '@brupop/state-machine';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createAssumedShadows } from './assumed-shadows.ts';
import { createConditionsController } from './conditions-controller.ts';
import { createExclusion } from './exclusion.ts';

const SETTLED_MS = 5_000;
const RETRY_MS = 1_000;
const POSTPONED_MS = 60_000;
const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const aShadow = (node: string, status: Partial<ShadowStatus> = {}): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: `brs-${node}`, resourceVersion: '1' },
  spec: { state: 'Idle' },
  status: { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0, ...status },
});

/** A running conditions controller, for shadows of these nodes, and a Kubernetes API that answers as `world` says. */
function aController(nodes: readonly string[]) {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const tried: string[] = [];
  const plansWithin: number[] = [];
  const world = {
    shadows: nodes.map((node) => aShadow(node)),
    reason: 'NoFreeSlot' as FleetHold['reason'],
    /** The node that needs attention, if any. */
    troubled: '',
    reject: (() => undefined) as (shadow: string) => Error | undefined,
  };
  const client: KubeClient = {
    request: <T>(_method: string, path: string, { body }: { body?: unknown }): Promise<T> => {
      const name = path.split('/').at(-2) ?? '';
      tried.push(name);
      const error = world.reject(name);
      if (error !== undefined) return Promise.reject(error);
      const { conditions } = (body as { status: Pick<ShadowStatus, 'conditions'> }).status;
      const written = aShadow(name.slice('brs-'.length), conditions === undefined ? {} : { conditions });
      world.shadows = world.shadows.map((shadow) => (shadow.metadata.name === name ? written : shadow));
      return Promise.resolve(written as T);
    },
    stream: () => Promise.reject(new Error('not used')),
  };
  const exclusion = createExclusion();
  const controller = createConditionsController({
    client,
    clock,
    random: seededRandom(1),
    log,
    namespace: 'brupop',
    assumed: createAssumedShadows(),
    exclusion,
    planWithin: (ms) => plansWithin.push(ms),
  });
  const term = new AbortController();
  const running = controller.run(term.signal);
  stops.push(() => {
    term.abort();
  });
  return {
    clock,
    log,
    world,
    controller,
    plansWithin,
    exclusion,
    term,
    running,
    /** Makes a plan in which every node waits. */
    plan: (): void => {
      const holds = nodes.map((node): FleetHold => ({
        node,
        message: 'a message',
        reason: world.troubled === node ? 'CrashBackoff' : world.reason,
      }));
      controller.planned({
        at: clock.now(),
        observation: { nodes: [], shadows: world.shadows, agents: new Map() },
        plan: {
          changes: [],
          holds,
          window: { open: true },
          budget: { maxConcurrentUpdates: 1, slots: [], maxUnavailable: undefined, unavailable: [] },
          recheckAt: undefined,
        },
      });
    },
    /** @returns the shadows whose conditions were tried within this time */
    triedIn: async (ms: number): Promise<readonly string[]> => {
      tried.length = 0;
      await clock.advance(ms);
      return [...tried];
    },
  };
}

describe(createConditionsController, () => {
  test('writes conditions once they have settled, and then no more', async () => {
    const { plan, triedIn } = aController(['a']);
    plan();
    expect(await triedIn(SETTLED_MS - 1)).toEqual([]);
    expect(await triedIn(1)).toEqual(['brs-a']);
    plan();
    expect(await triedIn(10 * SETTLED_MS)).toEqual([]);
  });

  test('lets conditions settle from the event of a change, if it came before the plan', async () => {
    const { world, controller, plan, triedIn } = aController(['a']);
    plan();
    await triedIn(SETTLED_MS);
    plan();
    world.shadows = [aShadow('a', { target_version: '1.2.0' })];
    controller.changed('brs-a');
    await triedIn(SETTLED_MS - 1_000);
    controller.changed('brs-a');
    plan();
    expect(await triedIn(999)).toEqual([]);
    expect(await triedIn(1)).toEqual(['brs-a']);
  });

  test('does not write to a shadow that has changed since the plan', async () => {
    const { controller, plan, triedIn } = aController(['a']);
    plan();
    controller.changed('brs-a');
    expect(await triedIn(2 * SETTLED_MS)).toEqual([]);
    plan();
    expect(await triedIn(0)).toEqual(['brs-a']);
  });

  test('writes the conditions of a whole fleet at a limited rate', async () => {
    const nodes = Array.from({ length: 120 }, (_, at) => `n${String(at)}`);
    const { plan, triedIn } = aController(nodes);
    plan();
    await triedIn(SETTLED_MS - 1);
    expect(await triedIn(1)).toHaveLength(50);
    expect(await triedIn(1_000)).toHaveLength(50);
    expect(await triedIn(1_000)).toHaveLength(20);
  });

  test.each([
    { name: 'that was deleted is dropped', error: new KubeApiError(404, 'NotFound', 'no'), plans: [], logged: 0, others: true },
    {
      name: 'that has changed is planned again',
      error: new KubeApiError(409, 'Conflict', 'no'),
      plans: [RETRY_MS],
      logged: 0,
      others: true,
    },
    { name: 'that is rejected is logged', error: new KubeApiError(422, 'Invalid', 'no'), plans: [], logged: 1, others: true },
    { name: 'stops the others if the API server fails', error: new KubeApiError(500, 'Down', 'no'), plans: [], logged: 1, others: false },
    { name: 'stops the others if the API server does not answer', error: new Error('no route'), plans: [], logged: 1, others: false },
  ])('the write to a shadow $name', async ({ error, plans, logged, others }) => {
    const { log, world, plansWithin, plan, triedIn } = aController(['a', 'b']);
    plan();
    world.reject = (shadow) => (shadow === 'brs-a' ? error : undefined);
    expect(await triedIn(SETTLED_MS + RETRY_MS - 1)).toEqual(others ? ['brs-a', 'brs-b'] : ['brs-a']);
    expect(plansWithin).toEqual(plans);
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual(
      Array.from({ length: logged }, () => ['warn', 'Failed to write the conditions of a shadow']),
    );
  });

  test('skips a shadow whose write was rejected for a minute, and continues with the others', async () => {
    const { clock, world, plan, triedIn } = aController(['a', 'b']);
    plan();
    world.reject = (shadow) => (shadow === 'brs-a' ? new KubeApiError(422, 'Invalid', 'no') : undefined);
    expect(await triedIn(SETTLED_MS + 10 * RETRY_MS)).toEqual(['brs-a', 'brs-b']);
    await clock.advance(40_000);
    world.reject = () => undefined;
    expect(await triedIn(20_000)).toEqual(['brs-a']);
  });

  test.each([
    { name: 'a webhook of one shadow fails', error: new KubeApiError(500, 'InternalError', 'failed calling webhook') },
    { name: 'writes to one shadow time out', error: new KubeApiError(504, 'Timeout', 'request did not complete') },
    { name: 'writes to one shadow get no response', error: new Error('no route') },
  ])('where $name, writes those of the others and then tries again, whatever plans follow', async ({ error }) => {
    const { world, plan, triedIn } = aController(['a', 'b', 'c']);
    plan();
    world.reject = (shadow) => (shadow === 'brs-a' ? error : undefined);
    expect(await triedIn(SETTLED_MS)).toEqual(['brs-a']);
    plan();
    expect(await triedIn(POSTPONED_MS - 1)).toEqual(['brs-b', 'brs-c']);
    plan();
    expect(await triedIn(1)).toEqual(['brs-a']);
  });

  test('when a window opens, updates the reason why nodes wait at first for few nodes, and then for one a second', async () => {
    const nodes = Array.from({ length: 300 }, (_, at) => `n${String(at)}`);
    const { world, plan, triedIn } = aController(nodes);
    plan();
    expect(await triedIn(60_000)).toHaveLength(300);
    world.reason = 'WindowClosed';
    plan();
    expect(await triedIn(SETTLED_MS)).toHaveLength(50);
    expect(await triedIn(1_000)).toHaveLength(11);
    expect(await triedIn(60_000)).toHaveLength(60);
    expect(await triedIn(300_000)).toHaveLength(179);
  });

  test('writes problems before those', async () => {
    const { world, plan, triedIn } = aController(Array.from({ length: 100 }, (_, at) => `n${String(at)}`));
    plan();
    await triedIn(60_000);
    world.reason = 'WindowClosed';
    plan();
    await triedIn(10_000);
    world.troubled = 'n99';
    plan();
    expect(await triedIn(0)).toEqual(['brs-n99']);
  });

  test('yields to plans: while one waits, it writes one and pauses', async () => {
    const { clock, exclusion, plan, triedIn } = aController(['a', 'b', 'c']);
    plan();
    await clock.advance(SETTLED_MS - 1);
    const planning = exclusion.run(() => sleep(clock, 10));
    expect(await triedIn(5)).toEqual([]);
    const next = exclusion.run(() => sleep(clock, 10));
    expect(await triedIn(999)).toEqual(['brs-a']);
    await Promise.all([planning, next]);
    expect(await triedIn(RETRY_MS)).toEqual(['brs-b', 'brs-c']);
  });

  test('ends with the term, which is not a failure', async () => {
    const { log, world, plan, triedIn, term, running } = aController(['a', 'b']);
    plan();
    world.reject = () => {
      term.abort(new Error('the lease is lost'));
      return new Error('aborted');
    };
    expect(await triedIn(2 * SETTLED_MS)).toEqual(['brs-a']);
    await running;
    expect(log.entries).toEqual([]);
  });
});
