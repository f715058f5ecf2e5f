import type { BottlerocketShadow, ShadowStatus, ShadowUpdateCheck, UpdateCheckProblem } from '@brupop/crd-models';

/** The last command of the host's updater, as reported by the host. */
export interface HostCommand {
  /** `refresh`, `prepare`, `activate` or `deactivate`; kept as text because newer hosts may know more. */
  readonly type: string;
  readonly succeeded: boolean;
  /** RFC 3339, from the host's clock, which may be wrong. */
  readonly timestamp: string;
  /** Exit code of the updater; negative, or the number of a signal, if it was killed. */
  readonly exitStatus?: number | undefined;
  /** What the updater wrote to stderr. */
  readonly message: string;
}

/** `update_state` of the Bottlerocket API; `Unknown` stands for a state of newer hosts that this agent does not know. */
export type HostUpdateState = 'Idle' | 'Available' | 'Staged' | 'Ready' | 'Unknown';

/** The update status of the host. `busy`: a command is running; `uninitialized`: none has run since boot. */
export type HostUpdateStatus =
  | {
      readonly kind: 'known';
      readonly updateState: HostUpdateState;
      /** With `Unknown`: the state that the host reported. */
      readonly unknownState?: string | undefined;
      /** The versions in the repository, including the running one and older ones; absent if the host does not report them. */
      readonly listedVersions?: readonly string[] | undefined;
      /** The version that `prepare` would install. Outdated when `updateState` is `Idle`. */
      readonly chosenVersion?: string | undefined;
      /** The version on the staging partition, as reported by the host; `prepare` may have downloaded another one, see `imageOf`. */
      readonly stagedVersion?: string | undefined;
      /** Whether the next boot tries the staging partition; undefined: the host does not report it. */
      readonly bootsStaged?: boolean | undefined;
      readonly mostRecentCommand?: HostCommand | undefined;
    }
  | { readonly kind: 'uninitialized' }
  | { readonly kind: 'busy' };

/** The observed host. */
export interface HostObservation {
  /** The running version. */
  readonly version: string;
  readonly status: HostUpdateStatus;
}

/** The timeouts and intervals of the agent, in milliseconds. A timeout of `Infinity` never ends. */
export interface AgentSettings {
  /** How long a node is excluded from load balancers before it is drained; 0: it is not excluded. */
  readonly excludeFromLbWaitMs: number;
  /** From the start of a state: how long failing host commands are retried and a busy host is waited for. */
  readonly stageTimeoutMs: number;
  /** From the start of the drain: after this the node is restored. The apiserver has its own timeout, which depends on the policy. */
  readonly drainTimeoutMs: number;
  /** From an accepted reboot: after this the node is restored. */
  readonly rebootTimeoutMs: number;
  /** How long a node must be healthy without interruption before monitoring ends. */
  readonly soakMs: number;
  /** From the start of monitoring, in addition to `soakMs`: after this a node that is not healthy has failed to run the version. */
  readonly monitoringTimeoutMs: number;
  /** How often an idle host checks for updates. */
  readonly updateCheckIntervalMs: number;
  /** Pause before a failed or unfinished step is retried, unless the apiserver sets another. */
  readonly retryMs: number;
  /** Pause before the status of a busy host is read again. */
  readonly busyPollMs: number;
}

/** The settings used when nothing is configured. */
export const DEFAULT_AGENT_SETTINGS: AgentSettings = {
  excludeFromLbWaitMs: 0,
  stageTimeoutMs: 25 * 60_000,
  drainTimeoutMs: Infinity,
  rebootTimeoutMs: 10 * 60_000,
  soakMs: 0,
  // Shorter than that of the controller, because the agent knows what is unhealthy and can report it.
  monitoringTimeoutMs: 9 * 60_000,
  updateCheckIntervalMs: 120_000,
  retryMs: 15_000,
  busyPollMs: 5_000,
};

/** The steps that change or check something outside of the agent. */
export const AGENT_STEPS = [
  'refresh',
  'prepare',
  'activate',
  'deactivate',
  'exclude-from-lb',
  'cordon-and-drain',
  'reboot',
  'uncordon',
  'remove-lb-exclusion',
  'check-health',
] as const;
/** One of {@link AGENT_STEPS}. */
export type AgentStep = (typeof AGENT_STEPS)[number];

/** The outcome of a step. Kept in memory only: if it is lost, the step is repeated, and every step is idempotent. */
export interface StepOutcome {
  readonly step: AgentStep;
  /** When it ended, milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whether the step is complete. For `reboot`: whether the host accepted it. For `check-health`: whether the node is healthy. */
  readonly done: boolean;
  /** One sentence; the cause, if the step is not complete. */
  readonly message: string;
  /** Since when the node is excluded, healthy or unhealthy, milliseconds since the Unix epoch; `at` if absent. */
  readonly since?: number | undefined;
  /** How long to wait before the next attempt. */
  readonly retryAfterMs?: number | undefined;
  /** What blocks the step; absent while it makes progress. */
  readonly blocked?: { readonly reason: string; readonly message: string } | undefined;
  /** What the step waits for, if that takes long although nothing is wrong. */
  readonly notice?: string | undefined;
  /** RFC 3339; when the step ends by itself at the latest. */
  readonly until?: string | undefined;
  /** For `uncordon`: whether the load-balancer exclusion is removed as well. */
  readonly returned?: boolean | undefined;
  /** For `check-health`: the DaemonSets that have an unhealthy pod on the node, as `namespace/name`; absent: unknown. */
  readonly unhealthy?: readonly string[] | undefined;
  /** Whether another attempt is pointless, because the apiserver has given up the step. */
  readonly final?: boolean | undefined;
}

/** Why a check for updates did not succeed. */
export interface CheckTrouble {
  readonly problem: UpdateCheckProblem;
  readonly message: string;
  /** Since when no check has succeeded, milliseconds since the Unix epoch. */
  readonly since: number;
}

/** The host's checks for updates that this process has observed. If it is lost, the host and the shadow still have most of it. */
export interface SeenChecks {
  /** When a check of the host last succeeded, milliseconds since the Unix epoch. */
  readonly goodAt?: number | undefined;
  /** Why checks have failed since then. */
  readonly trouble?: CheckTrouble | undefined;
}

/** The input of {@link decideAction}. */
export interface AgentObservation {
  /** `status` is the last one written, even if a cache does not have it yet. */
  readonly shadow: Pick<BottlerocketShadow, 'spec' | 'status'>;
  readonly host: HostObservation;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly settings: AgentSettings;
  /** For how long this process has known the current spec, in milliseconds of a monotonic clock; absent: 0. */
  readonly specAgeMs?: number | undefined;
  /** When this process last attempted a refresh, milliseconds since the Unix epoch. */
  readonly lastCheckedAt?: number | undefined;
  /** The checks for updates that this process has observed; absent: none yet. */
  readonly checks?: SeenChecks | undefined;
  /** The `update_check` that this process last wrote. An older apiserver or CustomResourceDefinition does not keep the field. */
  readonly reportedCheck?: ShadowUpdateCheck | undefined;
  /** The version that this process last downloaded to the staging partition, as reported by the host's updater; undefined: unknown. */
  readonly downloaded?: string | undefined;
  /** The latest outcome of each step since the shadow last changed, oldest first. */
  readonly outcomes?: readonly StepOutcome[];
}

/** What the agent does next, and why, in one sentence. */
export type Action =
  | {
      readonly kind: 'wait';
      readonly reason: string;
      /** When to decide again even if no event arrives, milliseconds since the Unix epoch. Absent: when the shadow changes. */
      readonly until?: number;
    }
  | { readonly kind: 'report'; readonly reason: string; readonly status: ShadowStatus }
  | { readonly kind: AgentStep; readonly reason: string };
