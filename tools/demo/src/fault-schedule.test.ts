import { describe, expect, test } from '@jest/globals';
import { strikeAt } from './fault-schedule.ts';
import { rowOf } from './fleet-view.ts';
import type { NodeRow } from './fleet-view.ts';

const row = (node: string, desired: string, state = desired): NodeRow => ({
  ...rowOf({ name: node, ready: true, cordoned: false, shadow: undefined, hold: undefined }, '1.27.0'),
  desired,
  state,
});
const idle = [row('a', 'Idle'), row('b', 'Idle')];
const updating = [row('a', 'Idle'), row('b', 'StagedAndPerformedUpdate', 'Idle')];
const unregistered = [row('a', 'Idle'), row('b', '-')];

describe('strikeAt', () => {
  test.each([
    { name: 'applies a fault immediately', moment: 'at-once', rows: unregistered, strike: { due: true } },
    { name: 'waits for the last node to register', moment: 'registered', rows: unregistered, strike: { due: false } },
    { name: 'applies a fault when all nodes are registered', moment: 'registered', rows: idle, strike: { due: true } },
    { name: 'waits for an update', moment: 'during-update', rows: idle, strike: { due: false } },
    { name: 'applies a fault during an update', moment: 'during-update', rows: updating, strike: { due: true } },
    { name: 'waits for a node to be updated', moment: 'on-updated-node', rows: unregistered, strike: { due: false } },
    { name: 'picks the node that is being updated', moment: 'on-updated-node', rows: updating, strike: { due: true, node: 'b' } },
  ] as const)('$name', ({ moment, rows, strike }) => {
    expect(strikeAt(moment, rows)).toEqual(strike);
  });
});
