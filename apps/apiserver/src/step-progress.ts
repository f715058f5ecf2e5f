import type { StepProgress, WaitingPod } from '@brupop/agent-api';
import { askAgainMs, describeDrain, drainBlock, type DrainObstacle, type DrainOutlook, type DrainResult } from '@brupop/drain';

const MOST_WAITING = 20;
const SOON_MS = 1_000;

/**
 * The progress of a drain, for its agent.
 * @param drainMs the duration of the drain so far
 */
export function drainProgress(result: DrainResult, since: string | undefined, drainMs: number): StepProgress {
  const common = { done: result.kind === 'done', message: describeDrain(result), ...sinceOf(since), evicted: result.evicted };
  if (result.kind === 'done') return common;
  const { waiting } = result;
  const wantedMs = result.kind === 'waiting' ? (result.askAgainMs ?? 0) : 0;
  const { endsAtMs, notice }: DrainOutlook = result.kind === 'waiting' ? result : {};
  // Terminating pods disappear by themselves; the longer a budget or a fault blocks the drain, the less an early retry helps.
  const soon = waiting.every(({ reason }) => reason === 'terminating');
  const blocked = drainBlock(waiting);
  return {
    ...common,
    waiting: waiting.slice(0, MOST_WAITING).map(waitingPod),
    waiting_total: waiting.length,
    ...(blocked === undefined ? {} : { blocked }),
    ...(notice === undefined ? {} : { notice }),
    ...(endsAtMs === undefined ? {} : { until: new Date(endsAtMs).toISOString() }),
    retry_after_ms: Math.max(soon ? SOON_MS : askAgainMs(drainMs), Math.ceil(wantedMs)),
  };
}

// The wire has fewer reasons than the drain; the message has the details.
const ON_THE_WIRE: Readonly<Record<DrainObstacle['reason'], WaitingPod['reason']>> = {
  blocked: 'blocked',
  terminating: 'terminating',
  overdue: 'terminating',
  pending: 'retrying',
  returning: 'retrying',
  retrying: 'retrying',
  refused: 'retrying',
};

function waitingPod({ namespace, name, reason, message }: DrainObstacle): WaitingPod {
  return { namespace, name, reason: ON_THE_WIRE[reason], message };
}

/** The optional field `since`. */
export function sinceOf(since: string | undefined): { readonly since?: string } {
  return since === undefined ? {} : { since };
}
