import type { BottlerocketShadow, ShadowStatus, ShadowUpdateCheck, UpdateCheckProblem } from '@brupop/crd-models';

/** The last command of the host's updater, as the host remembers it. */
export interface HostCommand {
  /** `refresh`, `prepare`, `activate` or `deactivate`; kept as text because newer hosts may know more. */
  readonly type: string;
  readonly succeeded: boolean;
  /** RFC 3339, from the host's clock. Only good for telling two commands apart. */
  readonly timestamp: string;
  /** Exit code of the updater; negative or a signal's number if it was killed. */
  readonly exitStatus?: number | undefined;
  /** What the updater wrote to stderr. */
  readonly message: string;
}

/** How far the host's updater has come. `update_state` of the Bottlerocket API; `Unknown` stands for one that only newer hosts have. */
export type HostUpdateState = 'Idle' | 'Available' | 'Staged' | 'Ready' | 'Unknown';

/** What the host says of its updates. `busy`: a command is running; `uninitialized`: none has run since boot. */
export type HostUpdateStatus =
  | {
      readonly kind: 'known';
      readonly updateState: HostUpdateState;
      /** Of `Unknown`: what the host said. */
      readonly unknownState?: string | undefined;
      /** What the repository lists, the running version and older ones among it; absent if the host does not tell. */
      readonly listedVersions?: readonly string[] | undefined;
      /** The version that `prepare` would install. Stale when `updateState` is `Idle`. */
      readonly chosenVersion?: string | undefined;
      /** The version on the staging partition, as the host says; what `prepare` downloaded may be another one, see `imageOf`. */
      readonly stagedVersion?: string | undefined;
      /** Whether the bootloader tries the staging partition next; undefined: the host does not say. */
      readonly bootsStaged?: boolean | undefined;
      readonly mostRecentCommand?: HostCommand | undefined;
    }
  | { readonly kind: 'uninitialized' }
  | { readonly kind: 'busy' };

/** The host, as just observed. */
export interface HostObservation {
  /** The version that runs. */
  readonly version: string;
  readonly status: HostUpdateStatus;
}

/** Durations that decide how long the agent tries before it gives up. All in milliseconds; `Infinity` never gives up. */
export interface AgentSettings {
  /** How long a node stays out of the load balancers before it is drained; 0 leaves load balancers alone. */
  readonly excludeFromLbWaitMs: number;
  /** From the start of a state: how long failing host commands are tried again, and a busy host is waited for. */
  readonly stageTimeoutMs: number;
  /** From the start of the drain: past it the node is given back. Beside it stands the limit of the apiserver, which knows the policy. */
  readonly drainTimeoutMs: number;
  /** From an accepted reboot: past it the node is given back. */
  readonly rebootTimeoutMs: number;
  /** How long a node must be healthy without a break before monitoring ends. */
  readonly soakMs: number;
  /** From the start of monitoring, on top of `soakMs`: past it a node that is not healthy has failed to run the version. */
  readonly monitoringTimeoutMs: number;
  /** How often an idle host looks for a new version. */
  readonly updateCheckIntervalMs: number;
  /** Pause before a failed or unfinished step is tried again, unless the apiserver names another. */
  readonly retryMs: number;
  /** Pause before a busy host is looked at again. */
  readonly busyPollMs: number;
}

/** The settings used when nothing is configured. */
export const DEFAULT_AGENT_SETTINGS: AgentSettings = {
  excludeFromLbWaitMs: 0,
  stageTimeoutMs: 25 * 60_000,
  drainTimeoutMs: Infinity,
  rebootTimeoutMs: 10 * 60_000,
  soakMs: 0,
  // The agent knows what is unhealthy, so it gives up before the controller does.
  monitoringTimeoutMs: 9 * 60_000,
  updateCheckIntervalMs: 120_000,
  retryMs: 15_000,
  busyPollMs: 5_000,
};

/** The steps that change or question something outside of the agent. */
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

/**
 * What became of a step. Kept in memory only: if it is lost, the step is repeated, which does no harm.
 */
export interface StepOutcome {
  readonly step: AgentStep;
  /** When it ended, milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whether it is complete. For `reboot`: whether the host accepted it. For `check-health`: whether the node is healthy. */
  readonly done: boolean;
  /** One sentence for people; why not, if it is not done. */
  readonly message: string;
  /** Since when the outcome holds (excluded, healthy or not), milliseconds since the Unix epoch; `at` if absent. */
  readonly since?: number | undefined;
  /** How long to wait before the next try. */
  readonly retryAfterMs?: number | undefined;
  /** What keeps the step from getting anywhere; absent while it gets on. */
  readonly blocked?: { readonly reason: string; readonly message: string } | undefined;
  /** What the step waits for that takes long though nothing is wrong. */
  readonly notice?: string | undefined;
  /** RFC 3339; when the step ends by itself at the latest. */
  readonly until?: string | undefined;
  /** Of `uncordon`: whether the exclusion from load balancers is undone as well. */
  readonly returned?: boolean | undefined;
  /** Of `check-health`: the DaemonSets that have an unhealthy pod on the node, as `namespace/name`; absent: not known. */
  readonly unhealthy?: readonly string[] | undefined;
  /** Whether another try is pointless: the one who takes the step has given it up. */
  readonly final?: boolean | undefined;
}

/** Why a check for updates did not succeed. */
export interface CheckTrouble {
  readonly problem: UpdateCheckProblem;
  /** For people. */
  readonly message: string;
  /** Since when no check has succeeded, milliseconds since the Unix epoch. */
  readonly since: number;
}

/** What this process has seen of the host's checks for updates. It may be lost: the host itself and the shadow remember most of it. */
export interface SeenChecks {
  /** When the host last checked with success, milliseconds since the Unix epoch. */
  readonly goodAt?: number | undefined;
  /** What has kept the host from checking since then. */
  readonly trouble?: CheckTrouble | undefined;
}

/** Everything that {@link decideAction} looks at. */
export interface AgentObservation {
  /** `status` is the last one written, even where a cache does not show it yet. */
  readonly shadow: Pick<BottlerocketShadow, 'spec' | 'status'>;
  readonly host: HostObservation;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly settings: AgentSettings;
  /** For how long this process has known the present spec, in milliseconds of a clock that never jumps; absent: 0. */
  readonly specAgeMs?: number | undefined;
  /** When this process last tried to refresh, milliseconds since the Unix epoch. */
  readonly lastCheckedAt?: number | undefined;
  /** What this process has seen of the host's checks; absent: nothing yet. */
  readonly checks?: SeenChecks | undefined;
  /** What this process has last written of the host's checks: an apiserver or a resource that is older than the field does not show it. */
  readonly reportedCheck?: ShadowUpdateCheck | undefined;
  /** The version that this process last downloaded to the staging partition, as the host's updater named it; undefined: unknown. */
  readonly downloaded?: string | undefined;
  /** Outcomes since the shadow last changed, oldest first, the newest of each step only. */
  readonly outcomes?: readonly StepOutcome[];
}

/** What the agent should do next, and why, in one sentence for people. */
export type Action =
  | {
      readonly kind: 'wait';
      readonly reason: string;
      /** When to decide again even if nothing changes, milliseconds since the Unix epoch. Absent: when the shadow changes. */
      readonly until?: number;
    }
  | { readonly kind: 'report'; readonly reason: string; readonly status: ShadowStatus }
  | { readonly kind: AgentStep; readonly reason: string };
