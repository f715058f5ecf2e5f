import type { BottlerocketShadow, ProgressStep, ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';

/** The phases of an update, in order. `exclude` occurs only if `EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC` is set. */
export const UPDATE_PHASES = ['stage', 'exclude', 'drain', 'reboot', 'return', 'monitor'] as const;
/** One of {@link UPDATE_PHASES}. */
export type UpdatePhase = (typeof UPDATE_PHASES)[number];

/** The current phase of a node. */
export interface PhaseSpan {
  readonly phase: UpdatePhase;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A phase that has succeeded, with its duration in milliseconds. */
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

/** @returns the current phase of a node; undefined between two phases, outside of an update, and if the update fails */
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
 * The duration of the last observed phase of a node if it has ended. Only successful phases whose end is observed are measured.
 * @param after the shadow as it is now
 * @returns undefined if the phase continues or was interrupted
 */
export function phaseEnded(before: PhaseSpan, after: BottlerocketShadow, now: number): EndedPhase | undefined {
  const next = phaseAt(after, now);
  if (next === undefined) return isCompleted(before.phase, after) ? ended(before, now) : undefined;
  const passed = UPDATE_PHASES.indexOf(next.phase) - UPDATE_PHASES.indexOf(before.phase);
  // Except for the first phase both times come from the same clock, that of the agent or that of the controller.
  return passed === 1 ? ended(before, next.since) : undefined;
}

/** Whether a node that is in no phase now has completed this one. */
function isCompleted(phase: UpdatePhase, { spec, status }: BottlerocketShadow): boolean {
  if (fails(status)) return false;
  switch (phase) {
    case 'stage':
      return spec.state === 'RebootedIntoUpdate' || (spec.state === 'StagedAndPerformedUpdate' && status?.current_state === spec.state);
    case 'return':
      return spec.state === 'RebootedIntoUpdate' && status?.current_state === spec.state;
    case 'monitor':
      // The agent may have reported Idle before the controller observed the end of monitoring.
      return spec.state === 'Idle' && (status?.current_state === 'MonitoringUpdate' || status?.current_state === 'Idle');
    case 'exclude':
    case 'drain':
    case 'reboot':
      return false;
  }
}

/** Whether the update fails. A failure in the status of a node that is not returning is that of an earlier attempt. */
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
