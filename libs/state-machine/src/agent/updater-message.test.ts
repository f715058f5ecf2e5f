import { describe, expect, test } from '@jest/globals';
import { updaterMessage } from './updater-message.ts';

describe(updaterMessage, () => {
  test.each([
    { name: 'lines are joined', stderr: 'one\n\n  two \n', message: 'one; two' },
    { name: 'blanks are nothing', stderr: ' \n ', message: '' },
  ])('$name', ({ stderr, message }) => {
    expect(updaterMessage(stderr)).toBe(message);
  });

  test('a long text keeps its beginning and the cause at its end', () => {
    const message = updaterMessage(`Failed to fetch 'https://mirror.example.com/${'q'.repeat(2_000)}'\ncaused by: connection refused`);
    expect(message.length).toBeLessThanOrEqual(500);
    expect(message).toMatch(/^Failed to fetch 'https:.*; caused by: connection refused$/);
  });
});
