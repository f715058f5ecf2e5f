import type { Clock } from '@brupop/ports';
import type { Request, Response } from 'express';
import { BodyBudget, type BodyReservation } from './body-budget.ts';
import { RequestError } from './errors.ts';

/** A list of 5,000 shadows with their managedFields has 12 MB, and kube-apiserver sends a whole list in one review. */
export const LARGEST_REVIEW = 16_000_000;
/** Enough for single objects, which kube-apiserver sends in almost all reviews. */
const SMALL_REVIEW = 256_000;
const BYTES_FOR_SMALL = 16_000_000;
const BYTES_FOR_LARGE = 2 * LARGEST_REVIEW;
// kube-apiserver waits at most 30 s.
const LONGEST_EXCHANGE_MS = 30_000;
/** The longest pause within a body. */
const LONGEST_PAUSE_MS = 5_000;
/** The least that a chunk reserves: its object and its share of a buffer. */
const SMALLEST_CHUNK = 512;

/** Receives the body of a conversion review. @throws RequestError BODY_TOO_LARGE, BODY_ENCODING, TOO_MANY_REVIEWS, REQUEST_MALFORMED */
export type ReceiveReview = (request: Request, response: Response) => Promise<Buffer>;

/**
 * The route is public, so at most 48 MB are reserved for bodies at a time, and an exchange may last at most 30 s and pause for at most 5 s.
 * The bytes of a body stay reserved until its response has been sent. Small bodies have a budget of their own, so large ones cannot block
 * them.
 */
export function reviewReceiver(clock: Clock): ReceiveReview {
  const small = new BodyBudget(clock, BYTES_FOR_SMALL);
  const large = new BodyBudget(clock, BYTES_FOR_LARGE);

  return (request, response) => {
    if ((request.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity')
      throw new RequestError('BODY_ENCODING', 'The body has an unsupported encoding');
    if (Number(request.get('content-length') ?? 0) > LARGEST_REVIEW) throw tooLarge();
    const cut = (): void => {
      request.socket.destroy();
    };
    let reserved: BodyReservation = small.enter(cut);
    const cancel = clock.setTimer(LONGEST_EXCHANGE_MS, cut);
    response.once('close', () => {
      cancel();
      reserved.release();
    });

    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let [bytes, taken] = [0, 0];
      let cancelPause = clock.setTimer(LONGEST_PAUSE_MS, cut);
      let received = false;
      const finish = (): void => {
        received = true;
        cancelPause();
        request.off('data', onData);
      };
      const refuse = (error: RequestError): void => {
        finish();
        reserved.release();
        reject(error);
      };
      const take = (more: number): boolean => {
        taken += more;
        if (taken <= SMALL_REVIEW || taken - more > SMALL_REVIEW) return reserved.grow(more);
        reserved.release();
        reserved = large.enter(cut);
        return reserved.grow(taken);
      };
      const onData = (chunk: Buffer): void => {
        cancelPause();
        cancelPause = clock.setTimer(LONGEST_PAUSE_MS, cut);
        bytes += chunk.length;
        if (bytes > LARGEST_REVIEW) refuse(tooLarge());
        else if (!take(Math.max(chunk.length, SMALLEST_CHUNK)))
          refuse(new RequestError('TOO_MANY_REVIEWS', 'Too many conversions in progress'));
        else chunks.push(chunk);
      };
      request.on('data', onData);
      request.once('end', () => {
        if (received) return;
        finish();
        resolve(Buffer.concat(chunks, bytes));
      });
      request.once('close', () => {
        if (!received) refuse(new RequestError('REQUEST_MALFORMED', 'The body is incomplete'));
      });
    });
  };
}

function tooLarge(): RequestError {
  return new RequestError('BODY_TOO_LARGE', 'The body is too large');
}
