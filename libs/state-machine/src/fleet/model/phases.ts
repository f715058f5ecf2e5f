import type { BottlerocketShadow, ProgressStep, ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';

/** The parts of an update that take time, in order. `exclude` only where load balancers are given time. */
export const UPDATE_PHASES = ['stage', 'exclude', 'drain', 'reboot', 'return', 'monitor'] as const;
/** One of {@link UPDATE_PHASES}. */
export type UpdatePhase = (typeof UPDATE_PHASES)[number];

/** A phase that a node is in. */
export interface PhaseSpan {
  readonly phase: UpdatePhase;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A phase that has ended well. */
export interface EndedPhase {
  readonly phase: UpdatePhase;
  readonly ms: number;
}

const PHASE_OF_STEP: Readonly<Record<ProgressStep, UpdatePhase>> = {
  Excluding: 'exclude',
  Draining: 'drain',
  Rebooting: 'reboot',
  Returning: 'return',
};

/** @returns the phase that a node is in; undefined between two, outside of an update, and in one that fails */
export function phaseAt(shadow: BottlerocketShadow, now: number): PhaseSpan | undefined {
  const { spec, status } = shadow;
  if (fails(status)) return undefined;
  const reached = status?.current_state === spec.state;
  switch (spec.state) {
    case 'StagedAndPerformedUpdate':
      return reached ? undefined : span('stage', spec.state_transition_timestamp, now);
    case 'RebootedIntoUpdate': {
      const progress = status?.progress;
      return reached || progress === undefined || progress === null ? undefined : span(PHASE_OF_STEP[progress.step], progress.since, now);
    }
    case 'MonitoringUpdate':
      return span('monitor', spec.state_transition_timestamp, now);
    case 'Idle':
    case 'ErrorReset':
      return undefined;
  }
}

/**
 * How long the phase took that a node was in when it was seen last. Only what ended well is measured, and only where its end was seen.
 * @param after the shadow as it is now
 * @returns undefined while it goes on, and if it was cut short
 */
export function phaseEnded(before: PhaseSpan, after: BottlerocketShadow, now: number): EndedPhase | undefined {
  const next = phaseAt(after, now);
  if (next === undefined) return isBehind(before.phase, after) ? ended(before, now) : undefined;
  const passed = UPDATE_PHASES.indexOf(next.phase) - UPDATE_PHASES.indexOf(before.phase);
  // Both times are the agent's own, or both are ours, but for the first step.
  return passed === 1 ? ended(before, next.since) : undefined;
}

/** Whether a node that is in no phase now has left this one behind. */
function isBehind(phase: UpdatePhase, { spec, status }: BottlerocketShadow): boolean {
  if (fails(status)) return false;
  switch (phase) {
    case 'stage':
      return spec.state === 'RebootedIntoUpdate' || (spec.state === 'StagedAndPerformedUpdate' && status?.current_state === spec.state);
    case 'return':
      return spec.state === 'RebootedIntoUpdate' && status?.current_state === spec.state;
    case 'monitor':
      // An agent may be back at Idle before anybody looks.
      return spec.state === 'Idle' && (status?.current_state === 'MonitoringUpdate' || status?.current_state === 'Idle');
    case 'exclude':
    case 'drain':
    case 'reboot':
      return false;
  }
}

/** A node that returns with a failure in its status is being given back. Elsewhere the failure is that of an earlier attempt. */
function fails(status: ShadowStatus | null | undefined): boolean {
  return status?.current_state === 'ErrorReset' || (status?.progress?.step === 'Returning' && (status.failure_message ?? null) !== null);
}

function span(phase: UpdatePhase, timestamp: string | null | undefined, now: number): PhaseSpan | undefined {
  const since = parseTimestamp(timestamp, now);
  return since === undefined ? undefined : { phase, since };
}

function ended({ phase, since }: PhaseSpan, at: number): EndedPhase {
  return { phase, ms: Math.max(0, at - since) };
}
