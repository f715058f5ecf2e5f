import { lookup } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { LookupFunction } from 'node:net';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';

/** How long a name server is waited for. A cluster's answers within milliseconds, a few search domains included. */
const PATIENCE_MS = 2_000;

/**
 * Resolves names as usual; where that fails, or takes longer than two seconds, the answer is `address`.
 * @param ports.resolve in the place of the system's resolver
 */
export function lookupOr(address: string, ports: { readonly resolve?: LookupFunction; readonly clock?: Clock } = {}): LookupFunction {
  const { resolve = lookup, clock = systemClock } = ports;
  return (hostname, options, callback) => {
    const family = isIPv6(address) ? 6 : 4;
    let answered = false;
    const fallBack = (): void => {
      if (options.all === true) answer(null, [{ address, family }]);
      else answer(null, address, family);
    };
    const cancelTimer = clock.setTimer(PATIENCE_MS, fallBack);
    const answer: typeof callback = (...given) => {
      if (answered) return;
      answered = true;
      cancelTimer();
      callback(...given);
    };
    resolve(hostname, options, (error, ...found) => {
      if (error === null) answer(error, ...found);
      else fallBack();
    });
  };
}
