import { describe, expect, test } from '@jest/globals';
import { strikeAt } from './fault-schedule.ts';
import { rowOf } from './fleet-view.ts';
import type { NodeRow } from './fleet-view.ts';

const row = (node: string, wanted: string, state = wanted): NodeRow => ({
  ...rowOf({ name: node, ready: true, cordoned: false, shadow: undefined, hold: undefined }, '1.27.0'),
  wanted,
  state,
});
const idle = [row('a', 'Idle'), row('b', 'Idle')];
const updating = [row('a', 'Idle'), row('b', 'StagedAndPerformedUpdate', 'Idle')];
const unregistered = [row('a', 'Idle'), row('b', '-')];

describe('strikeAt', () => {
  test.each([
    { name: 'strikes at once', moment: 'at-once', rows: unregistered, strike: { due: true } },
    { name: 'waits for the last node to register', moment: 'registered', rows: unregistered, strike: { due: false } },
    { name: 'strikes when all are registered', moment: 'registered', rows: idle, strike: { due: true } },
    { name: 'waits for an update', moment: 'during-update', rows: idle, strike: { due: false } },
    { name: 'strikes during an update', moment: 'during-update', rows: updating, strike: { due: true } },
    { name: 'waits for a node to be updated', moment: 'on-updated-node', rows: unregistered, strike: { due: false } },
    { name: 'aims at the node that is updated', moment: 'on-updated-node', rows: updating, strike: { due: true, node: 'b' } },
  ] as const)('$name', ({ moment, rows, strike }) => {
    expect(strikeAt(moment, rows)).toEqual(strike);
  });
});
