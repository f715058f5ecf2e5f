import type { AgentObservation, AgentStep } from '@brupop/state-machine';
import { ApiserverError } from './apiserver-client.ts';
import type { ApiserverClient } from './apiserver-client.ts';
import type { ShadowCache } from './shadow-cache.ts';

/** What reading the spec afresh needs. */
export interface FreshSpecDeps {
  readonly apiserver: ApiserverClient;
  readonly shadows: ShadowCache;
}

/** How old a fresh read may be. A step that follows the report that it begins, or the first read of this process, comes sooner; one that comes later asks once more. */
export const FRESH_MS = 15_000;

/** Whether to find out once more that the node may be disturbed: by the first step that disturbs it, and by its reboot. What follows that first step, each apiserver looks after. */
export function needsFreshSpec(step: AgentStep, { outcomes = [] }: AgentObservation): boolean {
  if (step === 'reboot') return true;
  return (step === 'exclude-from-lb' || step === 'cordon-and-drain') && !outcomes.some((outcome) => outcome.step === step);
}

/** Reads the shadow from the API server, through an apiserver: without an entity tag it answers from no cache. */
export async function readAfresh({ apiserver, shadows }: FreshSpecDeps, signal: AbortSignal): Promise<void> {
  const answer = await apiserver.getShadow({ etag: undefined, waitSeconds: 0 }, signal);
  if (answer.kind === 'shadow') shadows.readAfresh(answer.shadow, answer.etag);
  else shadows.readAfresh(undefined, undefined);
}

/** An apiserver that refuses what the spec does not permit knows a newer spec: the next decision is made from that. */
export async function orReadAfresh<T>(deps: FreshSpecDeps, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiserverError && error.code === 'NOT_PERMITTED') await readAfresh(deps, signal);
    throw error;
  }
}
