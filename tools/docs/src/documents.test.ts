import { describe, expect, test } from '@jest/globals';
import { generatedDocuments, readDocument } from './documents.ts';

describe('docs/', () => {
  test.each([...generatedDocuments()])('%s is up to date; otherwise run `npm run generate`', (name, text) => {
    expect(readDocument(name)).toBe(text);
  });
});
