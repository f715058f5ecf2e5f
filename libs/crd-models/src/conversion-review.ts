import { convertShadow } from './convert.ts';
import { parseConversionReview } from './validate.ts';

/** The answer to a ConversionReview; always sent with HTTP status 200. */
export interface ConversionReviewAnswer {
  readonly apiVersion: string;
  readonly kind: 'ConversionReview';
  readonly response: {
    readonly uid: string;
    readonly result: { readonly status: 'Success' | 'Failed'; readonly message: string };
    /** As many as were asked for, in the same order; none after a failure. */
    readonly convertedObjects: readonly Readonly<Record<string, unknown>>[];
  };
}

const API_VERSION = 'apiextensions.k8s.io/v1';

/** Answers a review: all objects converted, or none and why, naming the object. Never throws, whatever it is given. */
export function convertReview(review: unknown): ConversionReviewAnswer {
  const parsed = parseConversionReview(review);
  if (!parsed.ok) return answer(API_VERSION, uidOf(review), parsed.errors.join('; '));
  const { apiVersion, request } = parsed.value;
  const convertedObjects: Readonly<Record<string, unknown>>[] = [];
  for (const object of request.objects) {
    const converted = convertShadow(object, request.desiredAPIVersion);
    if (!converted.ok) return answer(apiVersion, request.uid, converted.message);
    convertedObjects.push(converted.object);
  }
  return {
    apiVersion,
    kind: 'ConversionReview',
    response: { uid: request.uid, result: { status: 'Success', message: '' }, convertedObjects },
  };
}

function answer(apiVersion: string, uid: string, message: string): ConversionReviewAnswer {
  return { apiVersion, kind: 'ConversionReview', response: { uid, result: { status: 'Failed', message }, convertedObjects: [] } };
}

/** Even the answer to a malformed review should find its question. */
function uidOf(review: unknown): string {
  const uid = (review as { request?: { uid?: unknown } | null } | null | undefined)?.request?.uid;
  return typeof uid === 'string' ? uid : '';
}
