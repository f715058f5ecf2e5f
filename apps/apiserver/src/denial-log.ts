import type { Denial, DenialCode } from '@brupop/k8s-auth';
import type { Clock, Logger } from '@brupop/ports';

/** A denied request. Its sender chose everything except the denial. */
export interface DeniedRequest {
  readonly denial: Denial;
  readonly method: string;
  readonly route: string;
  readonly nodeName: string | undefined;
  readonly source: string | undefined;
}

/** Logs any number of denials in a few lines. */
export interface DenialLog {
  note(denied: DeniedRequest): void;
}

/** How long denials of one code are counted before they are logged. */
export const DENIAL_INTERVAL_MS = 60_000;
const LONGEST_ROUTE = 200;
const MOST_NAMED = 5;
const NODE_NAME = /^[-a-z0-9.]{1,253}$/;

interface Counted {
  requests: number;
  readonly nodes: Set<string>;
}

/**
 * Logs the first denial of a code immediately. Counts further ones, and logs one line per minute: a client can cause thousands per second,
 * and must not be able to fill a disk or to hide the denial that matters.
 */
export function createDenialLog(log: Logger, clock: Clock): DenialLog {
  /** By code, of which there are few: the denials since its last line. */
  const counts = new Map<DenialCode, Counted>();

  const report = (code: DenialCode, status: number): void => {
    const counted = counts.get(code);
    counts.delete(code);
    if (counted === undefined || counted.requests === 0) return;
    const { requests, nodes } = counted;
    log.warn('Denied more requests', { status, reason: code, requests, seconds: DENIAL_INTERVAL_MS / 1_000, nodes: [...nodes] });
    open(code, status);
  };
  const open = (code: DenialCode, status: number): void => {
    counts.set(code, { requests: 0, nodes: new Set() });
    clock.setTimer(DENIAL_INTERVAL_MS, () => {
      report(code, status);
    });
  };

  return {
    note({ denial: { code, status }, method, route, nodeName, source }) {
      const node = nodeName !== undefined && NODE_NAME.test(nodeName) ? nodeName : undefined;
      const counted = counts.get(code);
      if (counted !== undefined) {
        counted.requests++;
        if (node !== undefined && counted.nodes.size < MOST_NAMED) counted.nodes.add(node);
        return;
      }
      log.warn('Denying a request', { method, route: route.slice(0, LONGEST_ROUTE), status, reason: code, node, source });
      open(code, status);
    },
  };
}
