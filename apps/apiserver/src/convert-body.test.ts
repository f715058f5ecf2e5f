import { describe, expect, test } from '@jest/globals';
import type { ConversionReviewAnswer } from '@brupop/crd-models';
import fc from 'fast-check';
import { convertBody, LARGEST_OBJECT } from './convert-body.ts';

const V1 = 'brupop.bottlerocket.aws/v1';
const V2 = 'brupop.bottlerocket.aws/v2';

const shadow = (name: string, state = 'Idle', more: object = {}): object => ({
  apiVersion: V1,
  kind: 'BottlerocketShadow',
  metadata: { name, uid: 'u', labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['e'] },
  spec: { state },
  ...more,
});
const review = (objects: unknown, desiredAPIVersion = V2): object => ({
  kind: 'ConversionReview',
  apiVersion: 'apiextensions.k8s.io/v1',
  request: { uid: 'r', desiredAPIVersion, objects },
});
const convert = (body: unknown): ConversionReviewAnswer => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return JSON.parse(convertBody(Buffer.from(text)).toString('utf8')) as ConversionReviewAnswer;
};

describe('lessons §6: a ConversionReview', () => {
  test.each([0, 1, 2, 500])('of %s objects returns as many, in order', (count) => {
    const names = Array.from({ length: count }, (_, at) => `brs-${String(at)}`);
    const { response } = convert(review(names.map((name) => shadow(name, 'PerformedUpdate'))));
    expect(response).toMatchObject({ uid: 'r', result: { status: 'Success', message: '' } });
    expect(response.convertedObjects).toEqual(
      names.map((name) => ({ ...shadow(name), apiVersion: V2, spec: { state: 'StagedAndPerformedUpdate' } })),
    );
  });

  test('may be indented, with its keys in any order', () => {
    const { kind, apiVersion, request } = review([shadow('brs-ä'), shadow('brs-b')]) as {
      kind: string;
      apiVersion: string;
      request: object;
    };
    const text = JSON.stringify({ request: Object.fromEntries(Object.entries(request).reverse()), apiVersion, kind }, undefined, 2);
    const { response } = convert(text);
    expect([response.result.status, response.convertedObjects.length]).toEqual(['Success', 2]);
  });

  test.each([
    {
      name: 'an object with an unknown state',
      body: review([shadow('brs-a'), shadow('brs-b', 'Flying')]),
      message: 'request.objects[1]: BottlerocketShadow brs-b: spec.state: expected',
    },
    {
      name: 'a list among the objects',
      body: review([[]]),
      message: 'request.objects[0]: BottlerocketShadow without a name: expected an object',
    },
    { name: 'another version', body: review([shadow('brs-a')], 'x/v9'), message: 'brs-a: desiredAPIVersion: expected' },
    {
      name: 'an object that is nested too deeply',
      body: JSON.stringify(review([shadow('brs-a', 'Idle', { x: 'X' })])).replace('"X"', '['.repeat(100_000) + ']'.repeat(100_000)),
      message: 'request.objects[0]: nested too deeply',
    },
    {
      name: 'an incomplete object',
      body: JSON.stringify(review([shadow('brs-a', 'Idle', { x: 'X' })])).replace('"X"', ''),
      message: 'request.objects[0]: not JSON',
    },
  ])('with $name fails with the reason under its UID, and converts nothing', ({ body, message }) => {
    const { response } = convert(body);
    expect(response).toEqual({ uid: 'r', result: { status: 'Failed', message: expect.stringContaining(message) }, convertedObjects: [] });
  });

  test.each([
    { name: 'no content', body: '', message: 'not JSON' },
    { name: 'half a review', body: JSON.stringify(review([shadow('brs-a')])).slice(0, -5), message: 'not JSON' },
    { name: 'numbers instead of objects', body: review([7]), message: 'request.objects contains a value that is not an object' },
    { name: 'no list of objects', body: review('x'), message: 'request.objects: expected array, got "x"' },
    { name: 'null', body: 'null', message: 'review: expected object, got null' },
    { name: 'too much content outside of objects', body: { ...review([]), x: 'x'.repeat(100_000) }, message: 'not JSON' },
    { name: 'too many objects', body: `{"request":{"objects":[${'{},'.repeat(60_000)}{}]}}`, message: 'at most 50000 objects' },
    {
      name: 'an object that is too large',
      body: review([shadow('brs-a', 'Idle', { x: 'x'.repeat(LARGEST_OBJECT) })]),
      message: 'objects of at most 2000000 bytes',
    },
  ])('with $name fails with the reason', ({ body, message }) => {
    const { response } = convert(body);
    expect([response.result, response.convertedObjects]).toEqual([{ status: 'Failed', message: expect.stringContaining(message) }, []]);
  });

  test('gets a response whatever it contains', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(review(value))),
      fc.array(fc.jsonValue()).map((objects) => JSON.stringify(review(objects))),
      fc.jsonValue().map((value) => JSON.stringify(review([shadow('brs-a', 'Idle', { status: value, metadata: value })]))),
      fc.string().map((state) => JSON.stringify(review([shadow('brs-a', state)]))),
      fc.nat(200).map((length) => JSON.stringify(review([shadow('brs-a')])).replace('"brs-a"', '"brs-a'.slice(0, length % 7))),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const { kind, response } = convert(text);
        expect([kind, ['Success', 'Failed'].includes(response.result.status)]).toEqual(['ConversionReview', true]);
      }),
    );
  });
});
