import type { ObservedShadow } from '@brupop/crd-models';

/** What the planner needs to know of one Node. */
export interface NodeObservation {
  readonly name: string;
  readonly uid: string;
  /** Whether it carries the opt-in label with the right value. */
  readonly managed: boolean;
  readonly ready: boolean;
  /** RFC 3339; when `ready` last changed, as the Node's condition says. */
  readonly readySince?: string;
  readonly unschedulable: boolean;
  /** Whether pods that do not tolerate it are kept away by a taint, other than those that only say again what is known by `ready` and `unschedulable`. */
  readonly tainted: boolean;
  /** Unschedulable, and marked as cordoned by the operator. */
  readonly cordonedByUs: boolean;
  /** Kept out of load balancers, and marked so by the operator. */
  readonly excludedByUs: boolean;
  /** Whether it bears a mark of the operator whose cordon or label someone else has undone. Such a mark holds nothing; the apiserver removes it at once. */
  readonly voidMark?: boolean;
  /** Whether it bears the taint by which the operator keeps its own servers away from cordoned nodes. */
  readonly taintedByUs?: boolean;
  /** `topology.kubernetes.io/zone`. */
  readonly zone?: string;
  /** Which part of the Node is illegal; such a node counts as not Ready. Absent: the Node is legal. */
  readonly fault?: string;
  /** Whether the Node object is being deleted. */
  readonly deleting: boolean;
}

/** Writes of one shadow that fail. */
export interface FailingWrite {
  /** What Kubernetes says. */
  readonly message: string;
  /** When the next is tried; milliseconds since the epoch. */
  readonly until: number;
}

/** The whole fleet at one moment. */
export interface FleetObservation {
  readonly nodes: readonly NodeObservation[];
  readonly shadows: readonly ObservedShadow[];
  /** By node name: whether its agent pod is Ready. No entry: the node has no agent pod. */
  readonly agents: ReadonlyMap<string, boolean>;
  /** By node name: since when its agent pod is Ready, or is not; RFC 3339, as its condition says. */
  readonly agentsSince?: ReadonlyMap<string, string>;
  /** By name of the shadow: what Kubernetes does not let us write, and does not get to see again for a while. */
  readonly failingWrites?: ReadonlyMap<string, FailingWrite>;
  /** Names of shadows whose agents have long reported no new check for updates, see `followReports`. */
  readonly overdueChecks?: ReadonlySet<string>;
  /** The node on which this controller runs; it is updated last. */
  readonly leaderNodeName?: string;
}
