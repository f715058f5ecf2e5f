import { ROUTES } from '@brupop/agent-api';
import type { Clock } from '@brupop/ports';
import express, { type Express, type RequestHandler } from 'express';
import { ByteBudget } from './byte-budget.ts';
import { convertBody } from './convert-body.ts';
import { RequestError } from './errors.ts';

/** A list of 5,000 shadows with all their book-keeping has 12 MB; kube-apiserver sends a whole list in one review. */
export const LARGEST_REVIEW = 16_000_000;
const SMALL_REVIEW = 256_000;
// kube-apiserver waits no longer than 30 s.
const LONGEST_EXCHANGE_MS = 30_000;

/**
 * Adds the conversion webhook. It needs no token, since kube-apiserver has none for it, so it is built for strangers: no more than
 * 48 MB of their bodies are held at a time, nobody may take longer than 30 s, and nothing of what they send is logged.
 */
export function addConvertRoute(app: Express, clock: Clock): void {
  const body = express.raw({ type: () => true, limit: LARGEST_REVIEW, inflate: false });
  app.post(ROUTES.convert, admission(clock), body, (request, response) => {
    const answer = convertBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    // kube-apiserver wants status 200 whatever comes of it; the body tells.
    response.status(200).type('json').send(answer);
  });
}

function admission(clock: Clock): RequestHandler {
  // Single objects, which is what kube-apiserver nearly always sends, get through even when somebody holds all that large reviews may take.
  const small = new ByteBudget(16_000_000);
  const large = new ByteBudget(2 * LARGEST_REVIEW);
  return (request, response, next) => {
    const announced = Number(request.get('content-length') ?? LARGEST_REVIEW);
    const bytes = Number.isFinite(announced) ? Math.min(announced, LARGEST_REVIEW) : LARGEST_REVIEW;
    const giveBack = (bytes <= SMALL_REVIEW ? small : large).take(bytes);
    if (giveBack === undefined) throw new RequestError('TOO_MANY_REVIEWS', 'Too many conversions are under way');
    const cancel = clock.setTimer(LONGEST_EXCHANGE_MS, () => request.socket.destroy());
    response.once('close', () => {
      cancel();
      giveBack();
    });
    next();
  };
}
