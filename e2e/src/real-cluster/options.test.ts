import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

const parse = (args: readonly string[], ci = false): unknown => parseOptions(args, { ci, steps: ['rollout', 'tokens'] });
const DEFAULTS = { only: [], install: false, keep: false, stepTimeoutMs: 45 * 60_000 };

describe(parseOptions, () => {
  test.each([
    { name: 'nothing runs everything', args: [], options: DEFAULTS },
    {
      name: 'steps are chosen by name',
      args: ['--only', 'tokens', '--only', 'rollout'],
      options: { ...DEFAULTS, only: ['tokens', 'rollout'] },
    },
    { name: 'packages are installed when asked to', args: ['--install'], options: { ...DEFAULTS, install: true } },
    { name: 'the time of each step is limited', args: ['--timeout-minutes', '5'], options: { ...DEFAULTS, stepTimeoutMs: 300_000 } },
  ])('$name', ({ args, options }) => {
    expect(parse(args)).toEqual({ options });
  });

  test('packages are installed in CI', () => {
    expect(parse([], true)).toEqual({ options: { ...DEFAULTS, install: true } });
  });

  test('reports all problems at once', () => {
    expect(parse(['--only', 'all', '--fast', '--timeout-minutes', '0'])).toEqual({
      problems: [
        '--only: expected one of rollout, tokens, got "all"',
        'unknown option "--fast"; there are --only STEP, --install, --keep and --timeout-minutes N',
        '--timeout-minutes: expected a positive number, got "0"',
      ],
    });
  });
});
