import { describe, expect, test } from '@jest/globals';
import { CHANGE_REASONS, HOLD_REASONS } from './reasons.ts';
import type { Explanation } from './reasons.ts';

describe('reasons', () => {
  const all: [string, Explanation][] = [...Object.entries(HOLD_REASONS), ...Object.entries(CHANGE_REASONS)];

  test.each(all)('%s can be the reason of an Event and of a condition', (reason) => {
    // As metav1.Condition has it: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go
    expect(reason).toMatch(/^[A-Z][A-Za-z]{1,127}$/);
  });

  test.each(all)('%s is explained in sentences', (_reason, { meaning, remedy }) => {
    for (const text of [meaning, remedy]) expect(text).toMatch(/^[`A-Z].*\.$/s);
  });
});
