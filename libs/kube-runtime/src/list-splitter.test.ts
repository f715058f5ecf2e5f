import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linesOf } from './lines.ts';
import { ListSplitter } from './list-splitter.ts';

function split(text: string, chunkSize: number, path?: readonly string[]): { items: unknown[]; header: unknown } {
  const bytes = new TextEncoder().encode(text);
  const items: unknown[] = [];
  const splitter = new ListSplitter((item) => items.push(JSON.parse(new TextDecoder().decode(item))), path);
  for (let at = 0; at < bytes.length; at += chunkSize) splitter.push(bytes.subarray(at, at + chunkSize));
  return { items, header: splitter.finish() };
}

const metadata = { resourceVersion: '7', continue: 'abc', selfLink: '{"items":[' };

describe(ListSplitter, () => {
  test.each([
    { name: 'an empty list', list: { kind: 'NodeList', metadata, items: [] } },
    { name: 'items that are null', list: { metadata, items: null }, items: [] },
    { name: 'items before the metadata', list: { items: [{ a: 1 }, { b: [1, 2] }], metadata } },
    { name: 'items within items', list: { metadata, items: [{ items: [{ items: 1 }] }] } },
    { name: 'items of something else', list: { metadata: { ...metadata, items: [1] }, other: { items: [2] }, items: [{ a: 1 }] } },
    { name: 'signs within texts', list: { metadata, items: [{ a: '"}]{[,\\', 'b"': 'grüß 🎉' }, {}] } },
  ])('finds $name', ({ list, items }) => {
    for (const size of [1, 2, 3, 7, 4_096]) {
      const found = split(JSON.stringify(list), size);
      expect(found.items).toEqual(items ?? list.items);
      expect(found.header).toMatchObject({ metadata: list.metadata });
    }
  });

  test.each([
    {
      name: 'further down',
      text: '{"request":{"uid":"u","objects":[{"a":1},{"b":{"objects":[2]}}]}}',
      items: [{ a: 1 }, { b: { objects: [2] } }],
    },
    { name: 'not elsewhere', text: '{"objects":[{"a":1}],"other":{"objects":[{"b":1}]},"request":{"uid":"u"}}', items: [] },
    { name: 'not deeper', text: '{"request":{"x":{"objects":[{"a":1}]},"uid":"u"}}', items: [] },
  ])('finds a list $name', ({ text, items }) => {
    for (const size of [1, 2, 5, 4_096]) expect(split(text, size, ['request', 'objects']).items).toEqual(items);
  });

  test.each(['[7]', '[{}, 7]', '[7, {}]', '["a"]', '[{} {}, null]'])('refuses %s, whose items are not all objects', (list) => {
    for (const size of [1, 3, 4_096]) expect(() => split(`{"items": ${list}}`, size)).toThrow(SyntaxError);
  });

  test('refuses to read more around the list than its limit', () => {
    const splitter = new ListSplitter(() => undefined);
    splitter.push(new TextEncoder().encode(`{"items":[{"a":"${'x'.repeat(1_000)}"}],"b":"${'x'.repeat(100)}"}`));
    expect(() => splitter.finish(100)).toThrow(SyntaxError);
    expect(splitter.finish(200)).toMatchObject({ items: [] });
  });

  test('reads formatted JSON', () => {
    expect(split(JSON.stringify({ metadata, items: [{ a: 1 }, { b: 2 }] }, undefined, 2), 5).items).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test('finds the same as JSON.parse, however the text is cut', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(object), fc.integer({ min: 1, max: 40 }), (objects, size) => {
        const text = JSON.stringify({ kind: 'List', metadata, items: objects });
        expect(split(text, size)).toEqual({
          items: (JSON.parse(text) as { items: unknown }).items,
          header: { kind: 'List', metadata, items: [] },
        });
      }),
    );
  });

  test.each(['{"metadata":{},"items":[{"a":1},', '{"metadata":{},"items":[{"a"', '{"meta', ''])(
    'does not take %s for a whole list',
    (text) => {
      expect(() => split(text, 10)).toThrow(SyntaxError);
    },
  );
});

describe(linesOf, () => {
  test.each([1, 2, 3, 100])('cuts lines from pieces of %s bytes', async (size) => {
    const bytes = new TextEncoder().encode('{"a":"ü"}\n\n{"b":1}\r\nunfinished');
    const lines: string[] = [];
    const pieces = (async function* () {
      await Promise.resolve();
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })();
    for await (const line of linesOf(pieces)) lines.push(line);
    expect(lines).toEqual(['{"a":"ü"}', '{"b":1}']);
  });
});
