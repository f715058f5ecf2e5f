import type { Clock } from '@brupop/ports';
import type { RequestHandler } from 'express';
import { callerOf } from './authentication.ts';
import { RequestError } from './errors.ts';

/** Requests that an agent may make at once, and then per second. An update takes some 40 in several minutes. */
const BURST = 120;
const PER_SECOND = 5;
/** Twice the largest fleet. */
const MOST_NODES = 10_000;

/** The time at which a node's allowance will be whole again, by which all is known about it. */
type WholeAtMs = number;

/**
 * Limits how often one agent may ask, at this replica: each request can become a write to the Kubernetes API and a line of the log, and a token can be stolen.
 */
export function requestLimit(clock: Clock): RequestHandler {
  const nodes = new Map<string, WholeAtMs>();
  return (_request, response, next) => {
    const { name } = callerOf(response).node;
    const nowMs = clock.monotonic();
    const wholeAtMs = Math.max(nodes.get(name) ?? nowMs, nowMs) + 1_000 / PER_SECOND;
    if (wholeAtMs - nowMs > (BURST * 1_000) / PER_SECOND)
      throw new RequestError('TOO_MANY_REQUESTS', `The agent of node ${name} sends more than ${String(PER_SECOND)} requests per second`);
    nodes.delete(name);
    nodes.set(name, wholeAtMs);
    const [oldest] = nodes.keys();
    if (nodes.size > MOST_NODES && oldest !== undefined) nodes.delete(oldest);
    next();
  };
}
