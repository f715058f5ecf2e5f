import { describeDrain, type drainBlock, type DrainResult } from '@brupop/drain';
import type { Logger } from '@brupop/process';

/** Tells what a drain came to. */
export interface DrainLog {
  /** @param block what keeps the drain */
  note(node: string, result: DrainResult, block: ReturnType<typeof drainBlock>): void;
}

// The last step of a drain may have been another replica's, and nodes come and go for years.
const MOST_TOLD = 1_000;

/** A step that came to the same as the one before it is told at level debug: a blocked drain takes hundreds, and one line says it all. */
export function createDrainLog(log: Logger): DrainLog {
  const told = new Map<string, string>();
  return {
    note(node, result, block) {
      const news = `${result.kind} ${String(result.evicted)} ${block?.message ?? ''}`;
      const again = told.get(node) === news;
      told.delete(node);
      if (result.kind === 'waiting') told.set(node, news);
      const [oldest] = told.keys();
      if (told.size > MOST_TOLD && oldest !== undefined) told.delete(oldest);
      log[again ? 'debug' : 'info']('Draining node', {
        node,
        outcome: result.kind,
        reason: block?.reason,
        detail: block?.message ?? describeDrain(result),
      });
    },
  };
}
