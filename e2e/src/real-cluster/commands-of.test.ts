import { describe, expect, test } from '@jest/globals';
import { commandsOf } from './commands-of.ts';

const DOCUMENT = `# Chart

Text.

## Install

\`\`\`sh
one --option
two
\`\`\`

More.

\`\`\`sh
three
\`\`\`

## Empty

## Remove it

\`\`\`sh
four
\`\`\`
`;

describe(commandsOf, () => {
  test.each([
    { heading: 'Install', expected: 'one --option\ntwo\n' },
    { heading: 'Remove it', expected: 'four\n' },
  ])('$heading', ({ heading, expected }) => {
    expect(commandsOf(DOCUMENT, heading)).toBe(expected);
  });

  test.each(['Empty', 'Remove', 'Chart'])('none beneath "%s": of the section itself, and of no other', (heading) => {
    expect(() => commandsOf(DOCUMENT, heading)).toThrow(heading);
  });
});
