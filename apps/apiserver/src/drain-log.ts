import { describeDrain, type drainBlock, type DrainResult } from '@brupop/drain';
import type { Logger } from '@brupop/ports';

/** Logs the results of drain steps. */
export interface DrainLog {
  /** @param block why the drain is blocked, if it is */
  note(node: string, result: DrainResult, block: ReturnType<typeof drainBlock>): void;
}

// Bounded, because another replica may take the last step of a drain, and nodes come and go for years.
const MOST_NODES = 1_000;

/**
 * A step with the same result as the one before is logged at level debug: a blocked drain takes hundreds of steps, and one line is enough.
 */
export function createDrainLog(log: Logger): DrainLog {
  const results = new Map<string, string>();
  return {
    note(node, result, block) {
      const current = `${result.kind} ${String(result.evicted)} ${block?.message ?? ''}`;
      const isRepeated = results.get(node) === current;
      results.delete(node);
      if (result.kind === 'waiting') results.set(node, current);
      const [oldest] = results.keys();
      if (results.size > MOST_NODES && oldest !== undefined) results.delete(oldest);
      log[isRepeated ? 'debug' : 'info']('Draining node', {
        node,
        outcome: result.kind,
        reason: block?.reason,
        detail: block?.message ?? describeDrain(result),
      });
    },
  };
}
