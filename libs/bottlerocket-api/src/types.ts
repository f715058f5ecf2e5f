/** What runs on the host. */
export interface OsInfo {
  /** Semantic version, such as `1.26.1`. */
  readonly version: string;
  readonly arch?: string | undefined;
  /** Such as `aws-k8s-1.30`. */
  readonly variant?: string | undefined;
  readonly prettyName?: string | undefined;
}

/** A command of the host's updater. */
export type UpdateCommand = 'refresh' | 'prepare' | 'activate' | 'deactivate';

/** The last command that ended. */
export interface CommandReport {
  /** An {@link UpdateCommand}, in lower case; text because newer hosts may know more. */
  readonly type: string;
  /** False proves a failure; true proves nothing: look at the state. */
  readonly succeeded: boolean;
  /** RFC 3339, from the host's clock. Changes with each command that ends. */
  readonly timestamp: string;
  /** Exit code; negative or a signal's number if the updater was killed. */
  readonly exitStatus?: number | undefined;
  /** What the updater wrote to stderr, without space around it. */
  readonly message: string;
}

/** What the host says of its updates. */
export type UpdateStatus =
  | KnownUpdateStatus
  /** No command has run since boot. */
  | { readonly kind: 'uninitialized' }
  /** A command is running. */
  | { readonly kind: 'busy' };

/** The status when no command is running. */
export interface KnownUpdateStatus {
  readonly kind: 'known';
  /** `Unknown`: a state that only newer hosts have. */
  readonly updateState: 'Idle' | 'Available' | 'Staged' | 'Ready' | 'Unknown';
  /** Of `Unknown`: what the host said, shortened. */
  readonly unknownState?: string | undefined;
  /** What the repository lists, newest first, the running version and older ones among it; absent if the host does not tell. At most 100. */
  readonly listedVersions?: readonly string[] | undefined;
  /** What `prepare` would install. A failed refresh leaves it behind in `Idle`. */
  readonly chosenVersion?: string | undefined;
  /** What was chosen when the staging partition was last written; the updater may have downloaded something else. */
  readonly stagedVersion?: string | undefined;
  /** Whether the bootloader tries the staging partition next. */
  readonly bootsStaged?: boolean | undefined;
  readonly mostRecentCommand?: CommandReport | undefined;
}

/**
 * The host's answer to an action. `started` does not mean done. `busy`: another command runs. `not-allowed`: not from this state.
 * `missing`: what it needs is gone (the chosen update, the image). `refused`: anything else, such as a reboot that is inhibited.
 */
export type ActionResult =
  { readonly kind: 'started' } | { readonly kind: 'busy' | 'not-allowed' | 'missing' | 'refused'; readonly message: string };

/** What became of a command that was started. */
export type CommandResult =
  /** It, or another one after it, has ended. */
  | { readonly kind: 'ended'; readonly status: KnownUpdateStatus }
  /** The host is no longer busy, yet has nothing to tell of it: the updater died or could not start. */
  | { readonly kind: 'vanished'; readonly message: string }
  | { readonly kind: 'timeout'; readonly message: string };
