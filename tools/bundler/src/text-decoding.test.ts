import { describe, expect, test } from '@jest/globals';
import { decode, encodingExists, getDecoder } from './text-decoding.ts';

describe('text decoding in place of iconv-lite', () => {
  test.each([
    { encoding: 'utf-8', exists: true },
    { encoding: 'UTF-16', exists: true },
    { encoding: 'latin1', exists: true },
    { encoding: 'utf-9', exists: false },
  ])('knows whether $encoding is supported: $exists', ({ encoding, exists }) => {
    expect(encodingExists(encoding)).toBe(exists);
  });

  test('joins a character that is split between two chunks', () => {
    const decoder = getDecoder('utf-8');
    const bytes = Buffer.from('Zürich', 'utf8');
    expect(decoder.write(bytes.subarray(0, 2)) + decoder.write(bytes.subarray(2)) + decoder.end()).toBe('Zürich');
    expect(decode(bytes, 'utf-8')).toBe('Zürich');
  });

  test('throws the message that express answers with 415', () => {
    expect(() => getDecoder('utf-9')).toThrow("Encoding not recognized: 'utf-9'");
    expect(() => decode(Buffer.of(), 'utf-9')).toThrow(/^Encoding not recognized: /);
  });
});
