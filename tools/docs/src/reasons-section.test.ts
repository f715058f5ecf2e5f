import { describe, expect, test } from '@jest/globals';
import { reasonsSection, withReasons } from './reasons-section.ts';

const section = reasonsSection(
  { Stuck: { 'True DeadlinePassed': 'It is late.' } },
  { Stuck: { severity: 'trouble', updating: true, meaning: 'Past its deadline.', remedy: 'Look.' } },
  { UpdateStarted: { events: 'shadow', meaning: 'It starts.', remedy: 'Nothing.' } },
);

describe(reasonsSection, () => {
  test('lists what the reasons of each condition mean', () => {
    expect(section).toContain(
      '| `Stuck`    | `True`    | `DeadlinePassed` | It is late.                                                 |',
    );
  });

  test('lists what each reason means, what to do, and where it is shown', () => {
    expect(section).toContain('| `Stuck` | Past its deadline. | Look.      | also in Events, the log and the condition `Healthy` |');
    expect(section).toContain('| `UpdateStarted` | It starts. | Nothing.   | Event of the shadow, log, metrics |');
  });
});

describe(withReasons, () => {
  test('replaces only the text between its markers', () => {
    const other = reasonsSection({}, {}, {});
    expect(withReasons(`before\n${other}\nafter`, section)).toBe(`before\n${section}\nafter`);
  });

  test('requires its markers', () => {
    expect(() => withReasons('no marks', section)).toThrow('expected a section');
  });
});
