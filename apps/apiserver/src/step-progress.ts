import type { StepProgress, WaitingPod } from '@brupop/agent-api';
import { askAgainMs, describeDrain, drainBlock, type DrainObstacle, type DrainOutlook, type DrainResult } from '@brupop/drain';

const MOST_WAITING = 20;
const SOON_MS = 1_000;

/**
 * Tells an agent where the drain of its node stands.
 * @param drainMs how long the drain has taken so far
 */
export function drainProgress(result: DrainResult, since: string | undefined, drainMs: number): StepProgress {
  const told = { done: result.kind === 'done', message: describeDrain(result), ...sinceOf(since), evicted: result.evicted };
  if (result.kind === 'done') return told;
  const { waiting } = result;
  const wantedMs = result.kind === 'waiting' ? (result.askAgainMs ?? 0) : 0;
  const { endsAtMs, notice }: DrainOutlook = result.kind === 'waiting' ? result : {};
  // Pods that are merely ending go by themselves; the longer a budget or a fault lasts, the less is it worth being asked again at once.
  const soon = waiting.every(({ reason }) => reason === 'terminating');
  const blocked = drainBlock(waiting);
  return {
    ...told,
    waiting: waiting.slice(0, MOST_WAITING).map(waitingPod),
    waiting_total: waiting.length,
    ...(blocked === undefined ? {} : { blocked }),
    ...(notice === undefined ? {} : { notice }),
    ...(endsAtMs === undefined ? {} : { until: new Date(endsAtMs).toISOString() }),
    retry_after_ms: Math.max(soon ? SOON_MS : askAgainMs(drainMs), Math.ceil(wantedMs)),
  };
}

// The wire has fewer words than the drain, and the message tells: a refusal is tried again, and what is overdue is ending.
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
