import { describe, expect, test } from '@jest/globals';
import { helpText, parseOptions } from './options.ts';

const faults = ['rollback', 'pdb-blocks'];

describe('parseOptions', () => {
  test('has a default for everything', () => {
    expect(parseOptions([], faults)).toEqual({
      kind: 'run',
      options: { nodes: 6, maxConcurrent: '1', window: undefined, faults: [], keep: false, seed: 1 },
    });
  });

  test('reads every option', () => {
    const argv = '--nodes 30 --max-concurrent unlimited --window 22:0:0-4:30:0 --fault rollback --fault pdb-blocks --keep --seed 7'.split(
      ' ',
    );
    expect(parseOptions(argv, faults)).toEqual({
      kind: 'run',
      options: {
        nodes: 30,
        maxConcurrent: 'unlimited',
        window: { start: '22:0:0', stop: '4:30:0' },
        faults: ['rollback', 'pdb-blocks'],
        keep: true,
        seed: 7,
      },
    });
  });

  test.each([
    { name: 'an unknown option, with the known ones', argv: ['--nodse', '3'], says: ['unknown option "--nodse"', '--max-concurrent'] },
    { name: 'no nodes', argv: ['--nodes', '0'], says: ['--nodes: expected an integer from 1 to 500, got "0"'] },
    {
      name: 'a concurrency of zero',
      argv: ['--max-concurrent', '0'],
      says: ['--max-concurrent: expected a positive integer or "unlimited"'],
    },
    { name: 'an invalid time', argv: ['--window', '24:0:0-1:0:0'], says: ['--window: expected START-STOP'] },
    { name: 'an empty window', argv: ['--window', '1:0:0-01:00:00'], says: ['--window: expected START-STOP, two different times'] },
    { name: 'three times for a window', argv: ['--window', '1:0:0-2:0:0-3:0:0'], says: ['--window: expected START-STOP'] },
    { name: 'half a window', argv: ['--window', '1:0:0'], says: ['--window: expected START-STOP'] },
    { name: 'an unknown fault, with the known ones', argv: ['--fault', 'x'], says: ['unknown fault "x"', 'rollback, pdb-blocks'] },
    { name: 'a missing value', argv: ['--nodes'], says: ['--nodes: expected a value'] },
    { name: 'an unexpected argument', argv: ['30'], says: ['unexpected argument "30"'] },
    { name: 'all problems', argv: ['--nodes', 'x', '--seed', 'y'], says: ['--nodes', '--seed'] },
  ])('reports $name', ({ argv, says }) => {
    const parsed = parseOptions(argv, faults);
    expect(parsed.kind).toBe('wrong');
    const text = parsed.kind === 'wrong' ? parsed.problems.join('\n') : '';
    for (const part of says) expect(text).toContain(part);
  });

  test('shows the help whatever else is given', () => {
    expect(parseOptions(['--nodes', 'x', '--help'], faults)).toEqual({ kind: 'help' });
  });
});

describe('helpText', () => {
  test('lists each fault with its description', () => {
    expect(helpText([{ name: 'rollback', help: 'boots into the old version' }])).toContain('rollback  boots into the old version');
  });
});
