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

/** The reported nodes after each plan: `at` in milliseconds, and the reason of each node. */
function look(
  looks: readonly { readonly at: number; readonly reasons: Readonly<Record<string, HoldReason>> }[],
  carried = nothing as (node: string) => string | undefined,
) {
  let spans: HoldSpans = NO_SPANS;
  return looks.map(({ at, reasons }) => {
    const followed = followHolds(
      spans,
      Object.entries(reasons).map(([node, reason]) => hold(node, reason)),
      carried,
      moment(at),
    );
    spans = followed.spans;
    return { reported: followed.holds.filter(({ lasting }) => lasting).map(({ node }) => node), nextAt: followed.nextAt };
  });
}

describe(followHolds, () => {
  const down = { a: 'AgentNotReady' } as const;
  test.each<{
    name: string;
    looks: readonly { readonly at: number; readonly reasons: Readonly<Record<string, HoldReason>> }[];
    expected: readonly { readonly reported: readonly string[]; readonly nextAt: number | undefined }[];
  }>([
    {
      name: 'a hold that has just begun is not reported, and is checked again when it will have lasted',
      looks: [{ at: 7, reasons: down }],
      expected: [{ reported: [], nextAt: LASTS_AFTER_MS + 7 }],
    },
    {
      name: 'a hold that has lasted is reported, and stays so',
      looks: [
        { at: 0, reasons: down },
        { at: LASTS_AFTER_MS, reasons: down },
        { at: LASTS_AFTER_MS + 1, reasons: down },
      ],
      expected: [
        { reported: [], nextAt: LASTS_AFTER_MS },
        { reported: ['a'], nextAt: undefined },
        { reported: ['a'], nextAt: undefined },
      ],
    },
    {
      name: 'a drain that is blocked for less than a minute is not reported',
      looks: [
        { at: 0, reasons: { a: 'DrainBlocked' } },
        { at: 59_999, reasons: { a: 'DrainBlocked' } },
        { at: 60_000, reasons: { a: 'InProgress' } },
        { at: 60_001, reasons: { a: 'DrainBlocked' } },
        { at: 120_001, reasons: { a: 'DrainBlocked' } },
      ],
      expected: [
        { reported: [], nextAt: 60_000 },
        { reported: [], nextAt: 60_000 },
        { reported: [], nextAt: undefined },
        { reported: [], nextAt: 120_001 },
        { reported: ['a'], nextAt: undefined },
      ],
    },
    {
      name: 'a node that returns and leaves again starts over',
      looks: [
        { at: 0, reasons: down },
        { at: LASTS_AFTER_MS - 2, reasons: { a: 'UpToDate' } },
        { at: LASTS_AFTER_MS - 1, reasons: down },
        { at: LASTS_AFTER_MS, reasons: down },
      ],
      expected: [
        { reported: [], nextAt: LASTS_AFTER_MS },
        { reported: [], nextAt: undefined },
        { reported: [], nextAt: 2 * LASTS_AFTER_MS - 1 },
        { reported: [], nextAt: 2 * LASTS_AFTER_MS - 1 },
      ],
    },
    {
      name: 'another reason starts over',
      looks: [
        { at: 0, reasons: down },
        { at: LASTS_AFTER_MS, reasons: { a: 'NodeNotReady' } },
      ],
      expected: [
        { reported: [], nextAt: LASTS_AFTER_MS },
        { reported: [], nextAt: 2 * LASTS_AFTER_MS },
      ],
    },
    {
      name: 'a hold whose reason does not depend on time is not reported, however long it lasts',
      looks: [
        { at: 0, reasons: { a: 'WindowClosed', b: 'CordonedByAdministrator' } },
        { at: 9 * LASTS_AFTER_MS, reasons: { a: 'WindowClosed', b: 'CordonedByAdministrator' } },
      ],
      expected: [
        { reported: [], nextAt: undefined },
        { reported: [], nextAt: undefined },
      ],
    },
  ])('$name', ({ looks, expected }) => {
    expect(look(looks)).toEqual(expected);
  });

  test('of a thousand nodes twenty are reported every ten seconds, and those that recover meanwhile are not', () => {
    const reasons = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`n${String(at)}`, 'AgentNotReady' as const]));
    const rest = Object.fromEntries(Object.entries(reasons).filter(([node]) => node !== 'n25'));
    const at = (seconds: number): number => LASTS_AFTER_MS + seconds * SECOND;
    const [, first, early, second, third] = look([
      { at: 0, reasons },
      { at: at(0), reasons },
      { at: at(9), reasons: rest },
      { at: at(10), reasons: rest },
      { at: at(20), reasons: rest },
    ]);
    expect([first?.reported.length, early?.reported.length, second?.reported.length, third?.reported.length]).toEqual([20, 20, 40, 60]);
    expect([first?.nextAt, early?.nextAt, second?.nextAt]).toEqual([at(10), at(10), at(20)]);
    expect(third?.reported).not.toContain('n25');
  });

  test('what an earlier leader has reported is not reported again', () => {
    const carried = (node: string): string | undefined => (node === 'a' ? 'AgentNotReady' : 'NodeNotReady');
    expect(look([{ at: 0, reasons: { a: 'AgentNotReady', b: 'AgentNotReady' } }], carried)).toEqual([
      { reported: ['a'], nextAt: LASTS_AFTER_MS },
    ]);
  });

  test.each([
    { name: 'has lasted long enough by the timestamps of the cluster', since: WALL - LASTS_AFTER_MS, wall: WALL, reported: true },
    { name: 'has not lasted yet', since: WALL - LASTS_AFTER_MS + 1, wall: WALL, reported: false },
    { name: 'began in the future, by a clock that is ahead', since: WALL + 9 * LASTS_AFTER_MS, wall: WALL, reported: false },
  ])('a hold that is seen for the first time and $name', ({ since, wall, reported }) => {
    const { holds } = followHolds(NO_SPANS, [{ ...hold('a', 'AgentNotReady'), since }], nothing, moment(0, wall));
    expect(holds.map(({ lasting = false }) => lasting)).toEqual([reported]);
  });

  test('a jump of the wall clock makes no hold last', () => {
    const holds = [hold('a', 'AgentNotReady')];
    const { spans } = followHolds(NO_SPANS, holds, nothing, moment(0));
    expect(followHolds(spans, holds, nothing, moment(1, WALL + 9 * LASTS_AFTER_MS)).holds).toEqual(holds);
  });

  test('the holds keep their order and their messages', () => {
    const holds = [hold('a', 'NoFreeSlot'), hold('b', 'NoShadow'), hold('c', 'UpToDate')];
    const { spans } = followHolds(NO_SPANS, holds, nothing, moment(0));
    expect(followHolds(spans, holds, nothing, moment(LASTS_AFTER_MS)).holds).toEqual([holds[0], { ...holds[1], lasting: true }, holds[2]]);
  });

  test('every reason for a silent agent depends on time', () => {
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
