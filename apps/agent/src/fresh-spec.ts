import type { AgentObservation, AgentStep } from '@brupop/state-machine';
import { ApiserverError, type ApiserverClient } from './apiserver-client.ts';
import type { ShadowCache } from './shadow-cache.ts';

/** Dependencies of a fresh read of the spec. */
export interface FreshSpecDeps {
  readonly apiserver: ApiserverClient;
  readonly shadows: ShadowCache;
}

/**
 * Maximum age of a fresh read. A step right after its status report, or after the first read of this process, needs no further request; a
 * later one does.
 */
export const FRESH_MS = 15_000;

/**
 * Whether the step needs a fresh read of the spec: the first disruptive step and the reboot do. Between them, each apiserver checks the
 * permission.
 */
export function needsFreshSpec(step: AgentStep, { outcomes = [] }: AgentObservation): boolean {
  if (step === 'reboot') return true;
  return (step === 'exclude-from-lb' || step === 'cordon-and-drain') && !outcomes.some((outcome) => outcome.step === step);
}

/** Reads the shadow from the API server, through an apiserver: a request without an entity tag bypasses its cache. */
export async function readAfresh({ apiserver, shadows }: FreshSpecDeps, signal: AbortSignal): Promise<void> {
  const answer = await apiserver.getShadow({ etag: undefined, waitSeconds: 0 }, signal);
  if (answer.kind === 'shadow') shadows.readAfresh(answer.shadow, answer.etag);
  else shadows.readAfresh(undefined, undefined);
}

/** Runs `ask`. If the apiserver refuses it because the spec does not permit it, the apiserver knows a newer spec, which is then read. */
export async function orReadAfresh<T>(deps: FreshSpecDeps, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiserverError && error.code === 'NOT_PERMITTED') await readAfresh(deps, signal);
    throw error;
  }
}
