import type { StepProgress, WaitingPod } from '@brupop/agent-api';
import { describeDrain, type DrainObstacle, type DrainResult } from '@brupop/drain';

const MOST_WAITING = 20;
const SOON_MS = 1_000;
const LATER_MS = 5_000;

/** Tells an agent where the drain of its node stands. */
export function drainProgress(result: DrainResult, since: string | undefined): StepProgress {
  const told = { done: result.kind === 'done', message: describeDrain(result), ...sinceOf(since), evicted: result.evicted };
  if (result.kind === 'done') return told;
  const { waiting } = result;
  // Pods that are merely ending go by themselves; a budget or a fault is no better for being asked again at once.
  const soon = waiting.every(({ reason }) => reason === 'terminating');
  return {
    ...told,
    waiting: waiting.slice(0, MOST_WAITING).map(waitingPod),
    waiting_total: waiting.length,
    retry_after_ms: soon ? SOON_MS : LATER_MS,
  };
}

function waitingPod({ namespace, name, reason, message }: DrainObstacle): WaitingPod {
  // The wire has no word of its own for a refusal; it is tried again, and its message tells.
  return { namespace, name, reason: reason === 'refused' ? 'retrying' : reason, message };
}

/** The optional field `since`. */
export function sinceOf(since: string | undefined): { readonly since?: string } {
  return since === undefined ? {} : { since };
}
