import { describe, expect, test } from '@jest/globals';
import { generatedDocuments, readDocument } from './documents.ts';

describe('docs/', () => {
  test.each([...generatedDocuments()])('%s is what the code says; otherwise run `npx nx run e2e:generate`', (name, text) => {
    expect(readDocument(name)).toBe(text);
  });
});
