import { convertReview, type ConversionReviewAnswer } from '@brupop/crd-models';
import { ListSplitter } from '@brupop/kube-runtime';

/** The largest object that is converted. kube-apiserver accepts at most 1.5 MB. */
export const LARGEST_OBJECT = 2_000_000;
const MOST_OBJECTS = 50_000;
const LARGEST_HEAD = 64_000;
const EMPTY_LIST_END = ']}}';

/**
 * Responds to the body of a ConversionReview. The response to an invalid body is `Failed`, with the reason.
 *
 * Objects are parsed, converted and serialized one by one. The route is public, and parsed JSON can take many times the memory of
 * its text (`[[],[],…]`), so a body is never parsed as a whole.
 */
export function convertBody(body: Uint8Array): Buffer {
  let review: unknown;
  const objects: Buffer[] = [];
  try {
    const splitter = new ListSplitter(
      (object) => {
        if (object.length > LARGEST_OBJECT) throw new RangeError(`request.objects: expected objects of at most ${LARGEST_OBJECT} bytes`);
        if (objects.length === MOST_OBJECTS) throw new RangeError(`request.objects: expected at most ${MOST_OBJECTS} objects`);
        objects.push(object);
      },
      ['request', 'objects'],
    );
    splitter.push(body);
    review = splitter.finish(LARGEST_HEAD);
  } catch (error) {
    return encode(
      failed(
        error instanceof RangeError ? error.message : 'the review is not JSON, or request.objects contains a value that is not an object',
      ),
    );
  }

  // Without its objects, to find what is wrong with the review itself.
  const answer = convertReview(review);
  if (answer.response.result.status === 'Failed') return encode(answer);
  const converted: Buffer[] = [];
  for (const [at, object] of objects.entries()) {
    const one = convertOne(review as Review, object);
    if (typeof one === 'string') {
      const result = { status: 'Failed', message: `request.objects[${at}]: ${one}` };
      return encode({ ...answer, response: { ...answer.response, result } });
    }
    converted.push(one);
  }
  return insert(encode(answer), converted);
}

interface Review {
  readonly request: object;
}

/** @returns the converted object, or why it cannot be converted */
function convertOne(review: Review, object: Buffer): Buffer | string {
  try {
    const objects = [JSON.parse(object.toString('utf8')) as unknown];
    const { result, convertedObjects } = convertReview({ ...review, request: { ...review.request, objects } }).response;
    return result.status === 'Failed' ? result.message : encode(convertedObjects[0]);
  } catch (error) {
    // JSON.stringify throws on deep nesting, JSON.parse does not.
    return error instanceof SyntaxError ? 'not JSON' : 'nested too deeply';
  }
}

function failed(message: string): ConversionReviewAnswer {
  const answer = convertReview(undefined);
  return { ...answer, response: { ...answer.response, result: { status: 'Failed', message } } };
}

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Inserts the objects into the empty list of a response. */
function insert(answer: Buffer, objects: readonly Buffer[]): Buffer {
  const comma = Buffer.from(',');
  const pieces = objects.flatMap((object, at) => (at === 0 ? [object] : [comma, object]));
  return Buffer.concat([answer.subarray(0, answer.length - EMPTY_LIST_END.length), ...pieces, Buffer.from(EMPTY_LIST_END)]);
}
