import { lookup } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import { systemClock, type Clock } from './clock.ts';

/** Timeout of a name server. That of a cluster answers within milliseconds, including a few search domains. */
const TIMEOUT_MS = 2_000;

/**
 * Resolves names with the system's resolver; if it fails, or takes longer than two seconds, the result is `address`.
 * @param ports.resolve replaces the system's resolver
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
    const cancelTimer = clock.setTimer(TIMEOUT_MS, fallBack);
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
