/** Body of POST {@link ROUTES.shadow}. */
export interface CreateShadowRequest {
  readonly node_selector: { readonly node_name: string; readonly node_uid: string };
}

/** A pod that a drain waits for. */
export interface WaitingPod {
  readonly namespace: string;
  readonly name: string;
  /** `blocked`: by a PodDisruptionBudget; `terminating`: evicted, but still there; `retrying`: the eviction failed and will be retried. */
  readonly reason: 'blocked' | 'terminating' | 'retrying';
  /** For people; names the PodDisruptionBudget, if there is one. */
  readonly message: string;
}

/** Response to the node steps when `Prefer: respond-async` was sent: status 200 means done, 202 means call again. */
export interface StepProgress {
  readonly done: boolean;
  /** One sentence for people. */
  readonly message: string;
  /** RFC 3339; since when the operator has owned the cordon or the exclusion from load balancers. Absent if it owns neither. */
  readonly since?: string;
  /** Pods evicted in this step. */
  readonly evicted?: number;
  /** At most 20 of the pods waited for. */
  readonly waiting?: readonly WaitingPod[];
  /** How many pods are waited for in all. */
  readonly waiting_total?: number;
  /** Why the drain is blocked; absent while it makes progress. `reason` is one of `DRAIN_BLOCKS`; a newer apiserver may send others. */
  readonly blocked?: { readonly reason: string; readonly message: string };
  /** What a drain waits for that takes long without a fault, such as a pod with a long grace period; otherwise absent. For people. */
  readonly notice?: string;
  /** RFC 3339; when the drain times out. Absent if it has no timeout. */
  readonly until?: string;
  /** When to call again, in milliseconds; a hint. */
  readonly retry_after_ms?: number;
  /** For an uncordon: whether the exclusion from load balancers was removed too. */
  readonly returned?: boolean;
}

/** The most entries of `daemon_sets` in a {@link NodeHealth}. */
export const MOST_DAEMON_SETS = 100;

/** A DaemonSet of which a pod on the node is unhealthy. */
export interface UnhealthyDaemonSet {
  /** `namespace/name`, which is stable, unlike the names of its pods. */
  readonly name: string;
  /** Which pod has which problem, for people. */
  readonly problem: string;
}

/** Response to GET {@link ROUTES.health}. */
export interface NodeHealth {
  readonly healthy: boolean;
  /** Why not, for people; empty when healthy. */
  readonly problems: readonly string[];
  /** The problem of the Node itself, for people; absent if there is none. */
  readonly node_problem?: string;
  /**
   * Sorted by name, at most {@link MOST_DAEMON_SETS}: if there are as many, there may be more. An older apiserver does not send the field.
   */
  readonly daemon_sets?: readonly UnhealthyDaemonSet[];
}

/** Body of every response with status 4xx or 5xx. */
export interface ErrorBody {
  readonly error: {
    /** Stable and documented in docs/errors.md, such as `TOKEN_EXPIRED`. */
    readonly code: string;
    /** For people. Never contains a token. */
    readonly message: string;
  };
}
