import type { Clock } from '@brupop/ports';
import type { RequestHandler } from 'express';
import { callerOf } from './authentication.ts';
import { RequestError } from './errors.ts';

/** Requests that an agent may send in a burst, and then per second. An update takes about 40 in several minutes. */
const BURST = 120;
const PER_SECOND = 5;
/** Twice the largest fleet. */
const MOST_NODES = 10_000;

/** The time at which the full burst is available to a node again: the whole state of its limiter. */
type FullAtMs = number;

/**
 * Limits the requests of one agent to this replica: each can cause a write to the Kubernetes API and a log line, and a token can be stolen.
 */
export function requestLimit(clock: Clock): RequestHandler {
  const nodes = new Map<string, FullAtMs>();
  return (_request, response, next) => {
    const { name } = callerOf(response).node;
    const nowMs = clock.monotonic();
    const fullAtMs = Math.max(nodes.get(name) ?? nowMs, nowMs) + 1_000 / PER_SECOND;
    if (fullAtMs - nowMs > (BURST * 1_000) / PER_SECOND)
      throw new RequestError('TOO_MANY_REQUESTS', `The agent of node ${name} sends more than ${String(PER_SECOND)} requests per second`);
    nodes.delete(name);
    nodes.set(name, fullAtMs);
    const [oldest] = nodes.keys();
    if (nodes.size > MOST_NODES && oldest !== undefined) nodes.delete(oldest);
    next();
  };
}
