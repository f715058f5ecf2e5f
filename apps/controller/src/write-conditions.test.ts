import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { KubeApiError } from '@brupop/kube-runtime';
import type { KubeClient } from '@brupop/kube-runtime';
import { VirtualClock } from '@brupop/ports';
import { memoryLogger } from '@brupop/process';
import type { FleetHold } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { createAssumedShadows } from './assumed-shadows.ts';
import { createConditionWriter } from './write-conditions.ts';

const SETTLED_MS = 5_000;
const { signal } = new AbortController();

const aShadow = (node: string, status: Partial<ShadowStatus> = {}): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: `brs-${node}`, resourceVersion: '1' },
  spec: { state: 'Idle' },
  status: { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0, ...status },
});

/** A writer for shadows of these nodes, whose conditions are written to a Kubernetes API that answers as it is told. */
function aWriter(nodes: readonly string[]) {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const tried: string[] = [];
  const hold: { reason: FleetHold['reason'] } = { reason: 'NoFreeSlot' };
  const world = {
    shadows: nodes.map((node) => aShadow(node)),
    refuse: (() => undefined) as (shadow: string) => Error | undefined,
    pressed: false,
    troubled: '',
  };
  const client: KubeClient = {
    request: <T>(_method: string, path: string, { body }: { body?: unknown }): Promise<T> => {
      const name = path.split('/').at(-2) ?? '';
      tried.push(name);
      const refusal = world.refuse(name);
      if (refusal !== undefined) return Promise.reject(refusal);
      const { conditions } = (body as { status: Pick<ShadowStatus, 'conditions'> }).status;
      const written = aShadow(name.slice('brs-'.length), conditions === undefined ? {} : { conditions });
      world.shadows = world.shadows.map((shadow) => (shadow.metadata.name === name ? written : shadow));
      return Promise.resolve(written as T);
    },
    stream: () => Promise.reject(new Error('not used')),
  };
  const assumed = createAssumedShadows();
  const writer = createConditionWriter({ client, clock, log, namespace: 'brupop', assumed, isPressed: () => world.pressed });
  /** @returns which shadows were tried, and when to look again */
  const look = async (term: AbortSignal = signal): Promise<[tried: readonly string[], nextInMs: number | undefined]> => {
    tried.length = 0;
    const holds = nodes.map((node): FleetHold => ({
      node,
      message: 'words',
      reason: world.troubled === node ? 'CrashBackoff' : hold.reason,
    }));
    const nextInMs = await writer.write(holds, world.shadows, term);
    return [[...tried], nextInMs];
  };
  return { clock, log, world, writer, look, hold };
}

describe(createConditionWriter, () => {
  test('writes once a shadow has wanted others for a moment, and then no more', async () => {
    const { clock, look } = aWriter(['a']);
    expect(await look()).toEqual([[], SETTLED_MS]);
    await clock.advance(SETTLED_MS);
    expect(await look()).toEqual([['brs-a'], undefined]);
    await clock.advance(SETTLED_MS);
    expect(await look()).toEqual([[], undefined]);
  });

  test('counts the moment from the news of a change, if that came before the look', async () => {
    const { clock, writer, look } = aWriter(['a']);
    writer.changed('brs-a');
    await clock.advance(SETTLED_MS - 1_000);
    writer.changed('brs-a');
    await clock.advance(1_000);
    expect(await look()).toEqual([['brs-a'], undefined]);
  });

  test('lets the next change settle as the first', async () => {
    const { clock, world, look } = aWriter(['a']);
    await look();
    await clock.advance(SETTLED_MS);
    await look();
    world.shadows = [aShadow('a', { target_version: '1.2.0' })];
    expect(await look()).toEqual([[], SETTLED_MS]);
  });

  test('writes those of a whole fleet in turn, and none of them has to settle twice', async () => {
    const nodes = Array.from({ length: 60 }, (_, at) => `n${String(at)}`);
    const { clock, look } = aWriter(nodes);
    await look();
    await clock.advance(SETTLED_MS);
    expect(await look()).toEqual([nodes.slice(0, 50).map((node) => `brs-${node}`), 1_000]);
    expect(await look()).toEqual([nodes.slice(50).map((node) => `brs-${node}`), undefined]);
  });

  test('writes one although there is no end of what is more important', async () => {
    const { clock, world, look } = aWriter(['a', 'b']);
    await look();
    await clock.advance(SETTLED_MS);
    world.pressed = true;
    expect(await look()).toEqual([['brs-a'], 1_000]);
    expect(await look()).toEqual([['brs-b'], undefined]);
  });

  test.each([
    { name: 'that is gone is none to write', error: new KubeApiError(404, 'NotFound', 'no'), next: undefined, told: 0, goesOn: true },
    { name: 'that has changed is looked at again', error: new KubeApiError(409, 'Conflict', 'no'), next: 1_000, told: 0, goesOn: true },
    { name: 'that is refused is told', error: new KubeApiError(422, 'Invalid', 'no'), next: undefined, told: 1, goesOn: true },
    { name: 'stops the others where the API fails', error: new KubeApiError(500, 'Down', 'no'), next: 1_000, told: 1, goesOn: false },
    { name: 'stops the others where the API is silent', error: new Error('no route'), next: 1_000, told: 1, goesOn: false },
  ])('a shadow $name', async ({ error, next, told, goesOn }) => {
    const { clock, log, world, look } = aWriter(['a', 'b']);
    await look();
    await clock.advance(SETTLED_MS);
    world.refuse = (shadow) => (shadow === 'brs-a' ? error : undefined);
    expect(await look()).toEqual([goesOn ? ['brs-a', 'brs-b'] : ['brs-a'], next]);
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual(
      Array.from({ length: told }, () => ['warn', 'Writing the conditions of a shadow failed']),
    );
  });

  test.each([
    { name: 'refused', error: new KubeApiError(422, 'Invalid', 'no'), looks: 1 },
    { name: 'failed again and again', error: new KubeApiError(500, 'InternalError', 'failed calling webhook'), looks: 5 },
  ])('leaves a shadow whose write was $name alone for a minute, and goes on with the others', async ({ error, looks }) => {
    const { clock, world, look } = aWriter(['a', 'b']);
    await look();
    await clock.advance(SETTLED_MS);
    world.refuse = (shadow) => (shadow === 'brs-a' ? error : undefined);
    for (let looked = 0; looked < looks; looked++) expect((await look())[0]).toContain('brs-a');
    await look();
    expect(world.shadows[1]?.status?.conditions).toHaveLength(4);
    expect((await look())[0]).toEqual([]);
    await clock.advance(60_000);
    expect((await look())[0]).toEqual(['brs-a']);
  });

  test('of a fleet whose window opens few are written anew at a time, and then about one a second', async () => {
    const nodes = Array.from({ length: 300 }, (_, at) => `n${String(at)}`);
    const { clock, look, hold } = aWriter(nodes);
    const lookFor = async (ms: number): Promise<number[]> => {
      const writes: number[] = [];
      for (const endMs = clock.monotonic() + ms; clock.monotonic() < endMs;) {
        const [tried, nextInMs = ms] = await look();
        writes.push(tried.length);
        await clock.advance(Math.min(nextInMs, endMs - clock.monotonic()));
      }
      return writes.filter((count) => count > 0);
    };
    expect(await lookFor(60_000)).toEqual(Array.from({ length: 6 }, () => 50));
    hold.reason = 'WindowClosed';
    const writes = await lookFor(120_000);
    expect(writes[0]).toBe(50);
    const all = writes.reduce((sum, count) => sum + count, 0);
    expect(all).toBeGreaterThan(120);
    expect(all).toBeLessThanOrEqual(60 + 120);
    await lookFor(300_000);
    expect((await look())[0]).toEqual([]);
  });

  test('trouble does not wait behind those', async () => {
    const { clock, look, world, hold } = aWriter(['a', 'b']);
    await look();
    await clock.advance(SETTLED_MS);
    await look();
    hold.reason = 'WindowClosed';
    await look();
    world.troubled = 'b';
    await look();
    await clock.advance(SETTLED_MS);
    expect((await look())[0]).toEqual(['brs-b']);
    await clock.advance(1_000);
    expect((await look())[0]).toEqual(['brs-a']);
  });

  test('ends with the term of the leader, and is no failure then', async () => {
    const { clock, log, world, look } = aWriter(['a', 'b']);
    await look();
    await clock.advance(SETTLED_MS);
    const term = new AbortController();
    world.refuse = () => {
      term.abort(new Error('the lease is lost'));
      return new Error('aborted');
    };
    await expect(look(term.signal)).rejects.toThrow('the lease is lost');
    expect(log.entries).toEqual([]);
  });
});
