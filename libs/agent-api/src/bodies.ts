/** Body of POST {@link ROUTES.shadow}. */
export interface CreateShadowRequest {
  readonly node_selector: { readonly node_name: string; readonly node_uid: string };
}

/** A pod that keeps a drain from ending. */
export interface WaitingPod {
  readonly namespace: string;
  readonly name: string;
  /** `blocked`: a PodDisruptionBudget holds it; `terminating`: evicted and not gone yet; `retrying`: its eviction failed and is tried again. */
  readonly reason: 'blocked' | 'terminating' | 'retrying';
  /** For people; names the PodDisruptionBudget where there is one. */
  readonly message: string;
}

/** Answer to the node steps when `Prefer: respond-async` was sent: status 200 means done, 202 means call again. */
export interface StepProgress {
  readonly done: boolean;
  /** One sentence for people. */
  readonly message: string;
  /** RFC 3339; since when the operator has held the node (cordoned, or excluded from load balancers). Absent when it holds nothing. */
  readonly since?: string;
  /** Pods evicted in this step. */
  readonly evicted?: number;
  /** At most 20 of the pods waited for. */
  readonly waiting?: readonly WaitingPod[];
  /** How many pods are waited for in all. */
  readonly waiting_total?: number;
  /** What keeps a drain from getting anywhere; absent while it gets on. `reason` is one of `DRAIN_BLOCKS`; a newer apiserver may know more. */
  readonly blocked?: { readonly reason: string; readonly message: string };
  /** What a drain waits for that takes long though nothing is wrong, such as a pod with a long grace period; absent while it is quick. For people. */
  readonly notice?: string;
  /** RFC 3339; when a drain ends by itself at the latest, by its timeout. Absent where it has no limit. */
  readonly until?: string;
  /** When to call again, in milliseconds; a hint. */
  readonly retry_after_ms?: number;
  /** Of uncordoning: whether the exclusion from load balancers is undone as well. */
  readonly returned?: boolean;
}

/** The most entries of `daemon_sets` in a {@link NodeHealth}. */
export const MOST_DAEMON_SETS = 100;

/** A DaemonSet of which a pod on the node is unhealthy. */
export interface UnhealthyDaemonSet {
  /** `namespace/name`. Its pods come and go, and their names with them. */
  readonly name: string;
  /** What is wrong with which pod, for people. */
  readonly problem: string;
}

/** Answer to GET {@link ROUTES.health}. */
export interface NodeHealth {
  readonly healthy: boolean;
  /** Why not, for people; empty when healthy. */
  readonly problems: readonly string[];
  /** What is wrong with the Node itself, for people; absent if nothing is. */
  readonly node_problem?: string;
  /** At most {@link MOST_DAEMON_SETS}, in the order of their names: there may be more if it is as many. Absent: an older apiserver does not tell. */
  readonly daemon_sets?: readonly UnhealthyDaemonSet[];
}

/** Body of every answer of status 4xx and 5xx. */
export interface ErrorBody {
  readonly error: {
    /** Stable and documented in docs/errors.md, such as `TOKEN_EXPIRED`. */
    readonly code: string;
    /** For people. Never holds a token. */
    readonly message: string;
  };
}
