import { describe, expect, test } from '@jest/globals';
import { LASTS_AFTER_MS } from '../model/absence.ts';
import { followHolds, NO_SPANS } from './lasting-holds.ts';
import type { HoldSpans, Moment } from './lasting-holds.ts';
import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS } from '../model/reasons.ts';
import type { HoldReason } from '../model/reasons.ts';

const SECOND = 1_000;
const hold = (node: string, reason: HoldReason): FleetHold => ({ node, reason, message: 'why' });
const WALL = Date.UTC(2026, 0, 5, 12);
const moment = (steady: number, wall = WALL + steady): Moment => ({ steady, wall });
const nothing = (): undefined => undefined;

/** What is marked after each look: `at` in milliseconds, and why each node is held then. */
function look(
  looks: readonly { readonly at: number; readonly held: Readonly<Record<string, HoldReason>> }[],
  carried = nothing as (node: string) => string | undefined,
) {
  let spans: HoldSpans = NO_SPANS;
  return looks.map(({ at, held }) => {
    const followed = followHolds(
      spans,
      Object.entries(held).map(([node, reason]) => hold(node, reason)),
      carried,
      moment(at),
    );
    spans = followed.spans;
    return { told: followed.holds.filter(({ lasting }) => lasting).map(({ node }) => node), nextAt: followed.nextAt };
  });
}

describe(followHolds, () => {
  const down = { a: 'AgentNotReady' } as const;
  test.each<{
    name: string;
    looks: readonly { readonly at: number; readonly held: Readonly<Record<string, HoldReason>> }[];
    expected: readonly { readonly told: readonly string[]; readonly nextAt: number | undefined }[];
  }>([
    {
      name: 'what has just begun is not told, and looked at again when it will have lasted',
      looks: [{ at: 7, held: down }],
      expected: [{ told: [], nextAt: LASTS_AFTER_MS + 7 }],
    },
    {
      name: 'what has lasted is told, and stays told',
      looks: [
        { at: 0, held: down },
        { at: LASTS_AFTER_MS, held: down },
        { at: LASTS_AFTER_MS + 1, held: down },
      ],
      expected: [
        { told: [], nextAt: LASTS_AFTER_MS },
        { told: ['a'], nextAt: undefined },
        { told: ['a'], nextAt: undefined },
      ],
    },
    {
      name: 'a drain that is blocked for less than a minute is not reported',
      looks: [
        { at: 0, held: { a: 'DrainBlocked' } },
        { at: 59_999, held: { a: 'DrainBlocked' } },
        { at: 60_000, held: { a: 'InProgress' } },
        { at: 60_001, held: { a: 'DrainBlocked' } },
        { at: 120_001, held: { a: 'DrainBlocked' } },
      ],
      expected: [
        { told: [], nextAt: 60_000 },
        { told: [], nextAt: 60_000 },
        { told: [], nextAt: undefined },
        { told: [], nextAt: 120_001 },
        { told: ['a'], nextAt: undefined },
      ],
    },
    {
      name: 'a node that comes back and goes again begins anew',
      looks: [
        { at: 0, held: down },
        { at: LASTS_AFTER_MS - 2, held: { a: 'UpToDate' } },
        { at: LASTS_AFTER_MS - 1, held: down },
        { at: LASTS_AFTER_MS, held: down },
      ],
      expected: [
        { told: [], nextAt: LASTS_AFTER_MS },
        { told: [], nextAt: undefined },
        { told: [], nextAt: 2 * LASTS_AFTER_MS - 1 },
        { told: [], nextAt: 2 * LASTS_AFTER_MS - 1 },
      ],
    },
    {
      name: 'another reason begins anew',
      looks: [
        { at: 0, held: down },
        { at: LASTS_AFTER_MS, held: { a: 'NodeNotReady' } },
      ],
      expected: [
        { told: [], nextAt: LASTS_AFTER_MS },
        { told: [], nextAt: 2 * LASTS_AFTER_MS },
      ],
    },
    {
      name: 'what is no matter of time is none here, however long it lasts',
      looks: [
        { at: 0, held: { a: 'WindowClosed', b: 'CordonedByAdministrator' } },
        { at: 9 * LASTS_AFTER_MS, held: { a: 'WindowClosed', b: 'CordonedByAdministrator' } },
      ],
      expected: [
        { told: [], nextAt: undefined },
        { told: [], nextAt: undefined },
      ],
    },
  ])('$name', ({ looks, expected }) => {
    expect(look(looks)).toEqual(expected);
  });

  test('of a thousand nodes twenty are told every ten seconds, and those that come back meanwhile never', () => {
    const held = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`n${String(at)}`, 'AgentNotReady' as const]));
    const rest = Object.fromEntries(Object.entries(held).filter(([node]) => node !== 'n25'));
    const at = (seconds: number): number => LASTS_AFTER_MS + seconds * SECOND;
    const [, first, early, second, third] = look([
      { at: 0, held },
      { at: at(0), held },
      { at: at(9), held: rest },
      { at: at(10), held: rest },
      { at: at(20), held: rest },
    ]);
    expect([first?.told.length, early?.told.length, second?.told.length, third?.told.length]).toEqual([20, 20, 40, 60]);
    expect([first?.nextAt, early?.nextAt, second?.nextAt]).toEqual([at(10), at(10), at(20)]);
    expect(third?.told).not.toContain('n25');
  });

  test('what an earlier leader has told is not taken back to be told again', () => {
    const carried = (node: string): string | undefined => (node === 'a' ? 'AgentNotReady' : 'NodeNotReady');
    expect(look([{ at: 0, held: { a: 'AgentNotReady', b: 'AgentNotReady' } }], carried)).toEqual([{ told: ['a'], nextAt: LASTS_AFTER_MS }]);
  });

  test.each([
    { name: 'has lasted since the cluster says so', since: WALL - LASTS_AFTER_MS, wall: WALL, told: true },
    { name: 'has not lasted yet', since: WALL - LASTS_AFTER_MS + 1, wall: WALL, told: false },
    { name: 'began in the future, by a clock that is ahead', since: WALL + 9 * LASTS_AFTER_MS, wall: WALL, told: false },
  ])('a hold that is seen for the first time and $name', ({ since, wall, told }) => {
    const { holds } = followHolds(NO_SPANS, [{ ...hold('a', 'AgentNotReady'), since }], nothing, moment(0, wall));
    expect(holds.map(({ lasting = false }) => lasting)).toEqual([told]);
  });

  test('a wall clock that jumps makes nothing last', () => {
    const holds = [hold('a', 'AgentNotReady')];
    const { spans } = followHolds(NO_SPANS, holds, nothing, moment(0));
    expect(followHolds(spans, holds, nothing, moment(1, WALL + 9 * LASTS_AFTER_MS)).holds).toEqual(holds);
  });

  test('the holds keep their order and their words', () => {
    const holds = [hold('a', 'NoFreeSlot'), hold('b', 'NoShadow'), hold('c', 'UpToDate')];
    const { spans } = followHolds(NO_SPANS, holds, nothing, moment(0));
    expect(followHolds(spans, holds, nothing, moment(LASTS_AFTER_MS)).holds).toEqual([holds[0], { ...holds[1], lasting: true }, holds[2]]);
  });

  test('all that keeps an agent from being heard is a matter of time', () => {
    const lasting = Object.entries(HOLD_REASONS).filter(([, { severity }]) => severity === 'lasting');
    expect(lasting.map(([reason]) => reason)).toEqual([
      'LostInUpdate',
      'NodeNotReady',
      'NodeDeleting',
      'AgentNotReady',
      'NoShadow',
      'NotReported',
    ]);
  });
});
