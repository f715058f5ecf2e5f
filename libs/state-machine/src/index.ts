export { planFleet } from './fleet/plan-fleet.ts';
export type { FailingWrite, FleetObservation, NodeObservation } from './fleet/model/observation.ts';
export type { BudgetUse, FleetChange, FleetHold, FleetPlan } from './fleet/model/plan.ts';
export { annotationsOf } from './fleet/model/changes.ts';
export { CHANGE_REASONS, HOLD_REASONS } from './fleet/model/reasons.ts';
export { severityOf } from './fleet/report/severity.ts';
export { followReports } from './fleet/rules/overdue-checks.ts';
export type { FollowedReports, ReportSpan, ReportSpans } from './fleet/rules/overdue-checks.ts';
export { updateCheckFailure } from './update-check.ts';
export { LASTS_AFTER_MS } from './fleet/model/absence.ts';
export { followHolds, REPORTED_AFTER_MS, NO_SPANS } from './fleet/report/lasting-holds.ts';
export type { FollowedHolds, HoldSpan, HoldSpans, Moment } from './fleet/report/lasting-holds.ts';
export type {
  ChangeReason,
  ChangeExplanation,
  EventSubjects,
  Explanation,
  HoldExplanation,
  HoldReason,
  Severity,
} from './fleet/model/reasons.ts';
export { estimateFleet } from './fleet/report/estimate.ts';
export type { FleetEstimate, AveragePhaseDurations } from './fleet/report/estimate.ts';
export { FAILURES, failureOf } from './fleet/model/failures.ts';
export type { Failure } from './fleet/model/failures.ts';
export { phaseAt, phaseEnded, UPDATE_PHASES } from './fleet/model/phases.ts';
export type { EndedPhase, UpdatePhase, PhaseSpan } from './fleet/model/phases.ts';
export { DEFAULT_TIMEOUTS } from './fleet/model/policy.ts';
export type { FleetPolicy, MaxUnavailable, StateTimeouts } from './fleet/model/policy.ts';
export { drainBlockedBy } from './fleet/rules/drain-blocked.ts';
export { conditionsDue } from './fleet/report/conditions-due.ts';
export type { ConditionsDue } from './fleet/report/conditions-due.ts';
export { carriesConditions, CONDITION_FINDINGS, CONDITION_TYPES, shadowConditions } from './fleet/report/shadow-conditions.ts';
export type { ConditionType } from './fleet/report/shadow-conditions.ts';
export { crashBackoffMs } from './fleet/model/backoff.ts';
export { parseWindow } from './window/parse-window.ts';
export type { ParsedWindow, WindowVariables } from './window/parse-window.ts';
export { windowAt } from './window/window.ts';
export type { UpdateWindow } from './window/window.ts';
export type { WindowState } from './window/window-state.ts';
export { CRON_PATTERN } from './window/cron-pattern.ts';
export { TIME_OF_DAY_PATTERN } from './window/daily-window.ts';
export type { CronWindow } from './window/cron-window.ts';
export type { DailyWindow } from './window/daily-window.ts';
export { decideHealth, nodeProblem } from './node/decide-health.ts';
export { decideRestore } from './node/decide-restore.ts';
export type { OwnedNode, RestoreDecision } from './node/decide-restore.ts';
export { decideTidying } from './node/decide-tidying.ts';
export type { NodeToTidy, TidyNode } from './node/decide-tidying.ts';
export { decideUnanswered, isGoingDown } from './agent/unreachable.ts';
export { downloadOf } from './agent/image.ts';
export type { Download } from './agent/image.ts';
export { decideAction } from './agent/decide-action.ts';
export { decideWithoutHost } from './agent/idle.ts';
export { withOutcome } from './agent/outcomes.ts';
export { followChecks, inTrouble, NOTHING_SEEN } from './agent/update-check.ts';
export { updaterMessage } from './agent/updater-message.ts';
export { nextCrashCount, saysTheSame } from './agent/status.ts';
export { AGENT_STEPS, DEFAULT_AGENT_SETTINGS } from './agent/types.ts';
export type {
  Action,
  AgentObservation,
  AgentSettings,
  AgentStep,
  CheckTrouble,
  HostCommand,
  HostObservation,
  HostUpdateState,
  HostUpdateStatus,
  SeenChecks,
  StepOutcome,
} from './agent/types.ts';
