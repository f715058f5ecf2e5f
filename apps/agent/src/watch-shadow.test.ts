import type { BottlerocketShadow } from '@brupop/crd-models';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ApiserverClient, ShadowAnswer } from './apiserver-client.ts';
import { watchShadow } from './watch-shadow.ts';

const shadow: BottlerocketShadow = {
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a' },
  spec: { state: 'Idle' },
};
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort(new Error('the test is over'));
});

/** Watches an apiserver that sends the responses in turn, the last one repeatedly, and always immediately. */
function watching(...answers: readonly (() => ShadowAnswer)[]) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  stops.push(stop);
  const asked: string[] = [];
  const heard: string[] = [];
  const client: Pick<ApiserverClient, 'getShadow' | 'createShadow'> = {
    getShadow: ({ etag }) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(`${etag ?? 'whatever'} @${String(clock.monotonic())}`);
      return Promise.resolve().then(() => answer?.() ?? { kind: 'unchanged' });
    },
    createShadow: () => {
      heard.push('created');
      return Promise.resolve();
    },
  };
  const onShadow = (): void => void heard.push('shadow');
  const onUnchanged = (): void => void heard.push('unchanged');
  const known: { etag: string | undefined } = { etag: undefined };
  const options = { client: client as ApiserverClient, clock, random: () => 0.5, log: memoryLogger(), known, onShadow, onUnchanged };
  watchShadow(options, stop.signal).catch(() => undefined);
  return { clock, asked, heard, known };
}
const read = (etag: string | undefined) => (): ShadowAnswer => ({ kind: 'shadow', shadow, etag });
const fail = (): ShadowAnswer => {
  throw new Error('reset');
};
let version = 100;

describe(watchShadow, () => {
  test.each<{ name: string; answer: () => ShadowAnswer; polls: number }>([
    { name: 'reports no change', answer: () => ({ kind: 'unchanged' }), polls: 10 },
    { name: 'repeats its response', answer: read('1'), polls: 10 },
    { name: 'sends no entity tags', answer: read(undefined), polls: 10 },
    { name: 'reports a change each time', answer: () => read(String(version++))(), polls: 200 },
    { name: 'has no shadow', answer: () => ({ kind: 'missing' }), polls: 10 },
  ])('polls an apiserver that answers immediately and $name at most $polls times in ten seconds', async ({ answer, polls }) => {
    const { clock, asked } = watching(read('1'), answer);
    await clock.advance(9_999);
    expect([asked.length >= polls - 1, asked.length <= polls + 1]).toEqual([true, true]);
  });

  test('creates a missing shadow, and then reads it without an entity tag', async () => {
    const { clock, asked, heard } = watching(
      read('7'),
      () => ({ kind: 'missing' }),
      read('9'),
      () => ({ kind: 'unchanged' }),
    );
    await clock.advance(2_500);
    expect(asked).toEqual(['whatever @0', '7 @50', 'whatever @1050', '9 @1100', '9 @2100']);
    expect(heard).toEqual(['shadow', 'created', 'shadow', 'unchanged', 'unchanged']);
  });

  test('drops a response that arrives after a fresh read, and polls from the entity tag of that', async () => {
    const { clock, asked, heard, known } = watching(read('7'), () => {
      if (known.etag === '7') known.etag = '9';
      return { kind: 'shadow', shadow, etag: '8' };
    });
    await clock.advance(60);
    expect([asked, heard]).toEqual([
      ['whatever @0', '7 @50', '9 @50'],
      ['shadow', 'shadow'],
    ]);
  });

  test('pauses longer after each failure, and resets the pause after a success', async () => {
    const { clock, asked } = watching(fail, fail, fail, read('1'), fail);
    await clock.advance(8_500);
    expect(asked.map((ask) => Number(ask.split('@')[1]))).toEqual([0, 1_000, 3_000, 7_000, 7_050, 8_050]);
  });
});
