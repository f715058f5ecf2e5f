import { DRAIN_BLOCKS, SHADOW_STATES, UPDATE_CHECK_PROBLEMS } from '@brupop/crd-models';
import {
  COMMON_METRICS,
  WATCH_METRICS,
  type CounterDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  type MetricDefinition,
} from '@brupop/process';
import { CHANGE_REASONS, FAILURES, HOLD_REASONS, UPDATE_PHASES } from '@brupop/state-machine';

/** The OpenTelemetry scope of the two metrics of Brupop 1.x, so that existing queries still match. */
export const SCOPE = { otel_scope_name: 'brupop-controller' } as const;
const SCOPE_LABEL = { otel_scope_name: [SCOPE.otel_scope_name] } as const;

export const SCOPE_INFO: GaugeDefinition<'otel_scope_name'> = {
  type: 'gauge',
  name: 'otel_scope_info',
  help: 'Instrumentation Scope metadata',
  labels: SCOPE_LABEL,
};
export const HOSTS_STATE: GaugeDefinition<'state' | 'otel_scope_name'> = {
  type: 'gauge',
  name: 'brupop_hosts_state',
  help: "Brupop host's state",
  labels: { state: SHADOW_STATES, ...SCOPE_LABEL },
};
export const HOSTS_VERSION: GaugeDefinition<'bottlerocket_version' | 'otel_scope_name'> = {
  type: 'gauge',
  name: 'brupop_hosts_version',
  help: "Brupop host's bottlerocket version",
  labels: { bottlerocket_version: 'versions that hosts run or have run; a version that no host runs any more stays at 0', ...SCOPE_LABEL },
};
export const HOSTS_HELD: GaugeDefinition<'reason'> = {
  type: 'gauge',
  name: 'brupop_hosts_held',
  help: 'Hosts waiting, by reason',
  labels: { reason: Object.keys(HOLD_REASONS) },
};
export const CHECKS_FAILING: GaugeDefinition<'reason'> = {
  type: 'gauge',
  name: 'brupop_hosts_update_check_failing',
  help: 'Hosts without a successful update check for half an hour or more, by cause',
  labels: { reason: [...UPDATE_CHECK_PROBLEMS, 'Overdue', 'Other'] },
};
export const HOSTS_STUCK: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_hosts_stuck',
  help: 'Hosts whose update step has passed its deadline, or that have been not Ready for five minutes during an update',
};
export const HOSTS_UNAVAILABLE: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_hosts_unavailable',
  help: 'Hosts that are not Ready or are cordoned, for any reason, or that an update may make so at any moment',
};
export const HOSTS_UNAVAILABLE_LIMIT: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_hosts_unavailable_limit',
  help: 'Hosts that may be unavailable when an update starts (MAX_UNAVAILABLE); +Inf without a limit',
};
export const SLOTS_USED: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_update_slots_used',
  help: 'Hosts that are being updated, or were made unavailable by an update and have not come back',
};
export const SLOTS_LIMIT: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_update_slots_limit',
  help: 'Hosts that may be updated at the same time (MAX_CONCURRENT_UPDATE); +Inf without a limit',
};
export const UPDATES_STARTED: CounterDefinition = {
  type: 'counter',
  name: 'brupop_updates_started_total',
  help: 'Host updates started',
};
export const UPDATES_FINISHED: CounterDefinition = {
  type: 'counter',
  name: 'brupop_updates_finished_total',
  help: 'Successful host updates',
};
export const UPDATES_FAILED: CounterDefinition<'reason'> = {
  type: 'counter',
  name: 'brupop_updates_failed_total',
  help: 'Host updates that failed or were given up, by cause',
  labels: { reason: FAILURES },
};
export const PHASE_DURATION: HistogramDefinition<'phase'> = {
  type: 'histogram',
  name: 'brupop_update_phase_duration_seconds',
  help: 'Duration of the phases of successful updates',
  labels: { phase: UPDATE_PHASES },
  buckets: [1, 5, 15, 30, 60, 120, 300, 600, 1_200, 2_400, 4_800],
};
export const DRAINS_BLOCKED: GaugeDefinition<'reason'> = {
  type: 'gauge',
  name: 'brupop_drains_blocked',
  help: 'Hosts whose drain, cordon or uncordon is blocked, by cause',
  labels: { reason: [...DRAIN_BLOCKS, 'Other'] },
};
export const FLEET_CHANGES: CounterDefinition<'reason'> = {
  type: 'counter',
  name: 'brupop_fleet_changes_total',
  help: 'Changes made to shadows, by reason',
  labels: { reason: Object.keys(CHANGE_REASONS) },
};
export const WINDOW_OPEN: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_update_window_open',
  help: 'Whether the update window is open: 1 or 0',
};
export const WINDOW_OPENS: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_update_window_next_opening_timestamp_seconds',
  help: 'When the update window opens next, in seconds since the Unix epoch; absent while it is open and if it never opens again',
  optional: true,
};
export const WINDOW_CLOSES: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_update_window_closing_timestamp_seconds',
  help: 'When the update window closes, in seconds since the Unix epoch; absent while it is closed and if it closes in more than two weeks',
  optional: true,
};
export const ESTIMATED_FINISH: GaugeDefinition = {
  type: 'gauge',
  name: 'brupop_estimated_finish_timestamp_seconds',
  help: 'When the last host is expected to be updated, in seconds since the Unix epoch; absent until a whole update has been measured, and when there is nothing to update',
  optional: true,
};
export const LEADER: GaugeDefinition = { type: 'gauge', name: 'brupop_leader', help: 'Whether this process is the leader: 1 or 0' };
export const QUEUE_DEPTH: GaugeDefinition<'queue'> = {
  type: 'gauge',
  name: 'brupop_queue_depth',
  help: 'Keys in a work queue that are due and not being reconciled',
  labels: { queue: ['fleet'] },
};
export const QUEUE_LATENCY: HistogramDefinition<'queue'> = {
  type: 'histogram',
  name: 'brupop_queue_latency_seconds',
  help: 'Delay between the time a reconcile was due and its start',
  labels: { queue: ['fleet'] },
  buckets: [0.01, 0.1, 0.5, 1, 5, 10, 30],
};
export const RECONCILE_DURATION: HistogramDefinition<'queue'> = {
  type: 'histogram',
  name: 'brupop_reconcile_duration_seconds',
  help: 'Duration of reconciles',
  labels: { queue: ['fleet'] },
  buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
};
export const RECONCILE_FAILURES: CounterDefinition<'queue'> = {
  type: 'counter',
  name: 'brupop_reconcile_failures_total',
  help: 'Failed reconciles, which are retried',
  labels: { queue: ['fleet'] },
};
export const CERTIFICATE_EXPIRY: GaugeDefinition<'certificate'> = {
  type: 'gauge',
  name: 'brupop_certificate_expiry_timestamp_seconds',
  help: 'When the certificates that the controller manages expire, in seconds since the Unix epoch; absent if it manages none',
  labels: { certificate: '`authority` or `serving`' },
};

/** Metrics of the fleet. Only the leader exports them; on a follower they are absent, not 0. */
export const LEADER_METRICS: readonly MetricDefinition[] = [
  HOSTS_STATE,
  HOSTS_VERSION,
  HOSTS_HELD,
  CHECKS_FAILING,
  HOSTS_STUCK,
  HOSTS_UNAVAILABLE,
  HOSTS_UNAVAILABLE_LIMIT,
  SLOTS_USED,
  SLOTS_LIMIT,
  DRAINS_BLOCKED,
  WINDOW_OPEN,
  WINDOW_OPENS,
  WINDOW_CLOSES,
  ESTIMATED_FINISH,
];

/** All metrics of the controller except the default metrics of its process. */
export const CONTROLLER_METRICS: readonly MetricDefinition[] = [
  ...LEADER_METRICS,
  UPDATES_STARTED,
  UPDATES_FINISHED,
  UPDATES_FAILED,
  PHASE_DURATION,
  FLEET_CHANGES,
  LEADER,
  QUEUE_DEPTH,
  QUEUE_LATENCY,
  RECONCILE_DURATION,
  RECONCILE_FAILURES,
  CERTIFICATE_EXPIRY,
  ...WATCH_METRICS,
  SCOPE_INFO,
  ...COMMON_METRICS,
];
