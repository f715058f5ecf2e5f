import { describe, expect, test } from '@jest/globals';
import { printsAsShown, readmeExamples } from './readme-examples.ts';

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\`\n`;

describe('readmeExamples', () => {
  test.each([
    { name: 'a README without a program has none', markdown: '# Title\n\nText.\n', examples: [] },
    {
      name: 'the output of a program is the text block after it',
      markdown: `# Title\n\n${fenced('ts', 'a();')}\nprints\n\n${fenced('text', 'A')}`,
      examples: [{ code: 'a();\n', output: 'A\n' }],
    },
    {
      name: 'a program that is followed by another has no output',
      markdown: fenced('ts', 'a();') + fenced('ts', 'b();') + fenced('text', 'B'),
      examples: [
        { code: 'a();\n', output: undefined },
        { code: 'b();\n', output: 'B\n' },
      ],
    },
    { name: 'other languages are not programs', markdown: fenced('sh', 'npm ci') + fenced('text', 'A'), examples: [] },
  ])('$name', ({ markdown, examples }) => {
    expect(readmeExamples(markdown)).toEqual(examples);
  });
});

describe('printsAsShown', () => {
  test.each([
    { name: 'the same text', shown: 'a\nb\n', actual: 'a\nb', as: true },
    { name: 'an ellipsis within a line', shown: 'at … done', actual: 'at 12:00 done', as: true },
    { name: 'an ellipsis over lines', shown: 'a\n…\nd', actual: 'a\nb\nc\nd', as: true },
    { name: 'more than is shown', shown: 'a', actual: 'a\nb', as: false },
    { name: 'less than is shown', shown: 'a\nb', actual: 'a', as: false },
    { name: 'special characters of a pattern', shown: '{ a: [1] } (x.y)', actual: '{ a: [1] } (x.y)', as: true },
    { name: 'a missing dot', shown: 'x.y', actual: 'xzy', as: false },
  ])('$name: $as', ({ shown, actual, as }) => {
    expect(printsAsShown(shown, actual)).toBe(as);
  });
});
