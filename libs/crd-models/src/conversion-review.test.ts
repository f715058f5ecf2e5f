import { describe, expect, test } from '@jest/globals';
import { convertReview } from './conversion-review.ts';

const shadow = (name: string, state = 'Idle'): unknown => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name },
  spec: { state },
});

const review = (objects: unknown): unknown => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'ConversionReview',
  request: { uid: 'u', desiredAPIVersion: 'brupop.bottlerocket.aws/v1', objects },
});

describe(convertReview, () => {
  test('all objects are converted, in order', () => {
    expect(convertReview(review([shadow('brs-a'), shadow('brs-b', 'StagedAndPerformedUpdate')]))).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: {
        uid: 'u',
        result: { status: 'Success', message: '' },
        convertedObjects: [
          { apiVersion: 'brupop.bottlerocket.aws/v1', kind: 'BottlerocketShadow', metadata: { name: 'brs-a' }, spec: { state: 'Idle' } },
          {
            apiVersion: 'brupop.bottlerocket.aws/v1',
            kind: 'BottlerocketShadow',
            metadata: { name: 'brs-b' },
            spec: { state: 'StagedUpdate' },
          },
        ],
      },
    });
  });

  test.each([
    {
      name: 'a bad object is named',
      given: review([shadow('brs-a'), shadow('brs-b', 'Flying')]),
      uid: 'u',
      message: 'brs-b: spec.state: expected',
    },
    { name: 'objects that are not a list', given: review('x'), uid: 'u', message: 'request.objects: expected array, got "x"' },
    { name: 'an invalid object', given: review([7]), uid: 'u', message: 'BottlerocketShadow without a name: expected an object' },
    { name: 'no request', given: {}, uid: '', message: 'request: expected a value, got nothing' },
    { name: 'a request of null', given: { request: null }, uid: '', message: 'request: expected object, got null' },
    { name: 'a uid that is not a string', given: { request: { uid: 7 } }, uid: '', message: 'request.uid: expected string, got 7' },
    { name: 'nothing', given: undefined, uid: '', message: 'review: expected object, got nothing' },
    { name: 'null', given: null, uid: '', message: 'review: expected object, got null' },
  ])('$name: the answer says so and converts nothing', ({ given, uid, message }) => {
    expect(convertReview(given)).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: { uid, result: { status: 'Failed', message: expect.stringContaining(message) }, convertedObjects: [] },
    });
  });
});
