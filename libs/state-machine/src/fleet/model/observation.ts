import type { ObservedShadow } from '@brupop/crd-models';

/** What the plan needs to know about a Node. */
export interface NodeObservation {
  readonly name: string;
  readonly uid: string;
  /** Whether it has the opt-in label with the right value. */
  readonly managed: boolean;
  readonly ready: boolean;
  /** RFC 3339; when `ready` last changed, from the condition of the Node. */
  readonly readySince?: string;
  readonly unschedulable: boolean;
  /** Whether it has a NoSchedule or NoExecute taint, other than those that repeat `ready` and `unschedulable`. */
  readonly tainted: boolean;
  /** Unschedulable, and the operator owns the cordon. */
  readonly cordonedByUs: boolean;
  /** Excluded from load balancers, and the operator owns the exclusion. */
  readonly excludedByUs: boolean;
  /** Whether it has an ownership annotation whose cordon or label someone else has removed. The apiserver removes such an annotation. */
  readonly voidMark?: boolean;
  /** Whether it has the taint with which the operator keeps its own pods off cordoned nodes. */
  readonly taintedByUs?: boolean;
  /** `topology.kubernetes.io/zone`. */
  readonly zone?: string;
  /** Which part of the Node is invalid; such a node counts as not Ready. Absent: the Node is valid. */
  readonly fault?: string;
  /** Whether the Node object is being deleted. */
  readonly deleting: boolean;
}

/** Why writes of a shadow fail. */
export interface FailingWrite {
  /** The error of the API server. */
  readonly message: string;
  /** When the write is retried; milliseconds since the epoch. */
  readonly until: number;
}

/** The whole fleet at one moment. */
export interface FleetObservation {
  readonly nodes: readonly NodeObservation[];
  readonly shadows: readonly ObservedShadow[];
  /** By node name: whether its agent pod is Ready. No entry: the node has no agent pod. */
  readonly agents: ReadonlyMap<string, boolean>;
  /** By node name: since when its agent pod is Ready or not Ready; RFC 3339, from the condition of the pod. */
  readonly agentsSince?: ReadonlyMap<string, string>;
  /** By name of the shadow: writes that the API server rejected, and that are not retried yet. */
  readonly failingWrites?: ReadonlyMap<string, FailingWrite>;
  /** Names of the shadows whose agents have stopped reporting checks for updates, see `followReports`. */
  readonly overdueChecks?: ReadonlySet<string>;
  /** The node on which this controller runs; it is updated last. */
  readonly leaderNodeName?: string;
}
