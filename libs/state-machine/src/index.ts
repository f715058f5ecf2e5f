export { decideAction } from './agent/decide-action.ts';
export { withOutcome } from './agent/outcomes.ts';
export { nextCrashCount, saysTheSame } from './agent/status.ts';
export { AGENT_STEPS, DEFAULT_AGENT_SETTINGS } from './agent/types.ts';
export type {
  Action,
  AgentObservation,
  AgentSettings,
  AgentStep,
  HostCommand,
  HostObservation,
  HostUpdateState,
  HostUpdateStatus,
  StepOutcome,
} from './agent/types.ts';
