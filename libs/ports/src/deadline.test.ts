import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { VirtualClock, withDeadline } from './index.ts';

function aDeadline({ limitMs = 1_000, isParentAborted = false } = {}) {
  const clock = new VirtualClock();
  const parent = new AbortController();
  if (isParentAborted) parent.abort(new Error('stopping'));
  const deadline = withDeadline(clock, parent.signal, limitMs, (ms) => new Error(`took longer than ${String(ms)} ms`));
  const aborts: string[] = [];
  deadline.signal.addEventListener('abort', () => {
    aborts.push(`${(deadline.signal.reason as Error).message} @${String(clock.monotonic())}`);
  });
  return { clock, parent, deadline, aborts, listeners: () => getEventListeners(parent.signal, 'abort').length };
}

describe(withDeadline, () => {
  test('aborts when the time has passed, once', async () => {
    const { clock, parent, deadline, aborts, listeners } = aDeadline();
    await clock.advance(400);
    expect(deadline.leftMs()).toBe(600);
    await clock.advance(5_000);
    parent.abort(new Error('stopping'));
    deadline.extend(1);
    await clock.advance(5_000);
    expect([aborts, listeners()]).toEqual([['took longer than 1000 ms @1000'], 0]);
  });

  test('can be extended, with another error', async () => {
    const { clock, deadline, aborts } = aDeadline();
    await clock.advance(900);
    deadline.extend(500);
    expect(deadline.leftMs()).toBe(500);
    await clock.advance(400);
    deadline.extend(200, () => new Error('silence'));
    await clock.advance(5_000);
    expect(aborts).toEqual(['silence @1500']);
  });

  test('aborts with the reason of its parent', async () => {
    const { clock, parent, aborts } = aDeadline();
    await clock.advance(300);
    parent.abort(new Error('stopping'));
    await clock.advance(5_000);
    expect(aborts).toEqual(['stopping @300']);
  });

  test('has aborted already if its parent has', () => {
    const { deadline, listeners } = aDeadline({ isParentAborted: true });
    expect([deadline.signal.reason, listeners()]).toEqual([new Error('stopping'), 0]);
  });

  test.each([
    { name: 'does nothing more', reason: undefined, expected: [] },
    { name: 'aborts if there is a reason', reason: new Error('done'), expected: ['done @0'] },
  ])('after its disposal $name', async ({ reason, expected }) => {
    const { clock, parent, deadline, aborts, listeners } = aDeadline();
    deadline.dispose(reason);
    deadline.extend(1);
    parent.abort(new Error('stopping'));
    await clock.advance(5_000);
    expect([aborts, listeners()]).toEqual([expected, 0]);
  });
});
