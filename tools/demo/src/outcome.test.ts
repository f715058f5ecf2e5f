import { describe, expect, test } from '@jest/globals';
import type { NodeRow } from './fleet-view.ts';
import { outcomeOf } from './outcome.ts';

const row = (node: string, done: boolean): NodeRow => ({
  node,
  done,
  state: 'Idle',
  desired: 'Idle',
  version: '1.26.1',
  target: '1.27.0',
  activity: '',
  ready: true,
  cordoned: false,
});
const backoff = { node: 'b', reason: 'CrashBackoff', message: 'tried again at noon' };

describe('outcomeOf', () => {
  test.each([
    { name: 'is done when every node is done', rows: [row('a', true)], holds: [], lasting: true, kind: 'done' },
    { name: 'continues while one is not', rows: [row('a', true), row('b', false)], holds: [], lasting: false, kind: 'under-way' },
    {
      name: 'waits out a backoff after a transient fault',
      rows: [row('b', false)],
      holds: [backoff],
      lasting: false,
      kind: 'under-way',
    },
    {
      name: 'ends with a node that is left behind after a lasting one',
      rows: [row('b', false)],
      holds: [backoff],
      lasting: true,
      kind: 'done-but',
    },
    {
      name: 'continues while another node can still start',
      rows: [row('b', false), row('c', false)],
      holds: [backoff, { node: 'c', reason: 'NoFreeSlot', message: '' }],
      lasting: true,
      kind: 'under-way',
    },
    {
      name: 'ends when the others wait behind a stuck node',
      rows: [row('b', false), row('c', false)],
      holds: [
        { node: 'b', reason: 'Stuck', message: '' },
        { node: 'c', reason: 'NoFreeSlot', message: '' },
      ],
      lasting: true,
      kind: 'done-but',
    },
  ])('$name', ({ rows, holds, lasting, kind }) => {
    expect(outcomeOf(rows, holds, lasting).kind).toBe(kind);
  });

  test('reports why a node is left behind', () => {
    expect(outcomeOf([row('b', false)], [backoff], true)).toEqual({
      kind: 'done-but',
      left: [{ node: 'b', why: 'tried again at noon' }],
    });
  });
});
