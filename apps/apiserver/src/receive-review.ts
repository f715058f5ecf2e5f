import type { Clock } from '@brupop/ports';
import type { Request, Response } from 'express';
import { BodyBudget, type BodyReservation } from './body-budget.ts';
import { RequestError } from './errors.ts';

/** A list of 5,000 shadows with all their book-keeping has 12 MB; kube-apiserver sends a whole list in one review. */
export const LARGEST_REVIEW = 16_000_000;
/** Single objects, which is what kube-apiserver nearly always sends. */
const SMALL_REVIEW = 256_000;
const BYTES_FOR_SMALL = 16_000_000;
const BYTES_FOR_LARGE = 2 * LARGEST_REVIEW;
// kube-apiserver waits no longer than 30 s.
const LONGEST_EXCHANGE_MS = 30_000;
/** The longest pause within a body. */
const LONGEST_PAUSE_MS = 5_000;
/** What a piece takes at least, however short it is: its object and its share of a buffer. */
const SMALLEST_PIECE = 512;

/** Receives the body of a conversion review. @throws RequestError BODY_TOO_LARGE, BODY_ENCODING, TOO_MANY_REVIEWS, REQUEST_MALFORMED */
export type ReceiveReview = (request: Request, response: Response) => Promise<Buffer>;

/**
 * The route is open to everyone, so no more than 48 MB of bodies are held at a time, nobody may take longer than 30 s, or pause for 5 s. The bytes of a body
 * are held until its answer has been taken. Small bodies get through even when somebody holds all that large ones may take.
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
    let held: BodyReservation = small.enter(cut);
    const cancel = clock.setTimer(LONGEST_EXCHANGE_MS, cut);
    response.once('close', () => {
      cancel();
      held.release();
    });

    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
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
        held.release();
        reject(error);
      };
      const take = (more: number): boolean => {
        taken += more;
        if (taken <= SMALL_REVIEW || taken - more > SMALL_REVIEW) return held.grow(more);
        held.release();
        held = large.enter(cut);
        return held.grow(taken);
      };
      const onData = (piece: Buffer): void => {
        cancelPause();
        cancelPause = clock.setTimer(LONGEST_PAUSE_MS, cut);
        bytes += piece.length;
        if (bytes > LARGEST_REVIEW) refuse(tooLarge());
        else if (!take(Math.max(piece.length, SMALLEST_PIECE)))
          refuse(new RequestError('TOO_MANY_REVIEWS', 'Too many conversions in progress'));
        else pieces.push(piece);
      };
      request.on('data', onData);
      request.once('end', () => {
        if (received) return;
        finish();
        resolve(Buffer.concat(pieces, bytes));
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
