import { describe, expect, test } from '@jest/globals';
import { generatedDocuments, readDocument } from './documents.ts';

describe('docs/', () => {
  test.each([...generatedDocuments()])('%s is what the code says; otherwise run `npm run generate`', (name, text) => {
    expect(readDocument(name)).toBe(text);
  });
});
