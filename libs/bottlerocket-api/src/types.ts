/** The operating system of the host. */
export interface OsInfo {
  /** Semantic version, such as `1.26.1`. */
  readonly version: string;
  readonly arch?: string | undefined;
  /** Variant, such as `aws-k8s-1.30`. */
  readonly variant?: string | undefined;
  readonly prettyName?: string | undefined;
}

/** A command of the host's updater. */
export type UpdateCommand = 'refresh' | 'prepare' | 'activate' | 'deactivate';

/** The report of the last command that ended. */
export interface CommandReport {
  /** An {@link UpdateCommand}, in lower case; a string because newer hosts may have more commands. */
  readonly type: string;
  /** False proves a failure; true does not prove a success: check the state. */
  readonly succeeded: boolean;
  /** In RFC 3339, by the clock of the host. It changes with each command that ends. */
  readonly timestamp: string;
  /** Exit code; negative or a signal's number if the updater was killed. */
  readonly exitStatus?: number | undefined;
  /** The stderr of the updater, trimmed. */
  readonly message: string;
}

/** The update status of the host. */
export type UpdateStatus =
  | KnownUpdateStatus
  /** No command has run since boot. */
  | { readonly kind: 'uninitialized' }
  /** A command is running. */
  | { readonly kind: 'busy' };

/** The status when no command is running. */
export interface KnownUpdateStatus {
  readonly kind: 'known';
  /** `Unknown` for a state that only newer hosts have. */
  readonly updateState: 'Idle' | 'Available' | 'Staged' | 'Ready' | 'Unknown';
  /** The state that the host reported, shortened, if it is `Unknown`. */
  readonly unknownState?: string | undefined;
  /**
   * The versions in the repository, newest first, including the running and older ones; at most 100. Absent if the host does not list them.
   */
  readonly listedVersions?: readonly string[] | undefined;
  /** The version that `prepare` would install. It remains in state `Idle` after a failed refresh. */
  readonly chosenVersion?: string | undefined;
  /** The version that was chosen when the staging partition was last written; the updater may have downloaded another one. */
  readonly stagedVersion?: string | undefined;
  /** Whether the bootloader boots the staging partition next. */
  readonly bootsStaged?: boolean | undefined;
  readonly mostRecentCommand?: CommandReport | undefined;
}

/**
 * The result of an action. `started` does not mean completed. `busy`: another command is running. `not-allowed`: not in this state.
 * `missing`: a precondition does not exist (the chosen update, the image). `refused`: any other refusal, such as that of an inhibited
 * reboot.
 */
export type ActionResult =
  { readonly kind: 'started' } | { readonly kind: 'busy' | 'not-allowed' | 'missing' | 'refused'; readonly message: string };

/** The result of a command that was started. */
export type CommandResult =
  /** The command, or another one after it, has ended. */
  | { readonly kind: 'ended'; readonly status: KnownUpdateStatus }
  /** The host is no longer busy, but has no report of the command: the updater crashed or could not start. */
  | { readonly kind: 'vanished'; readonly message: string }
  | { readonly kind: 'timeout'; readonly message: string };
