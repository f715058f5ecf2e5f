import type { FailingVersion } from '../model/failing-versions.ts';
import type { FleetWindow } from './fleet-window.ts';
import type { FailingWrite } from '../model/observation.ts';
import type { FleetPolicy } from '../model/policy.ts';

/** What every rule may look at besides the node's own facts. */
export interface RuleContext {
  readonly policy: FleetPolicy;
  readonly window: FleetWindow;
  readonly failing: ReadonlyMap<string, FailingVersion>;
  /** By node: since when its agent is Ready, or is not; RFC 3339. */
  readonly agentsSince: ReadonlyMap<string, string>;
  /** By name of the shadow. */
  readonly failingWrites: ReadonlyMap<string, FailingWrite>;
  /** Names of shadows whose agents have stopped reporting checks for updates. */
  readonly overdueChecks: ReadonlySet<string>;
  /** Whether no node is to be updated any more, but some node still bears a taint of the operator. */
  readonly leavesTaints: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a person reads about a node that an update has left cordoned or excluded. */
export const LEFT_UNAVAILABLE = "The operator's cordon or load-balancer exclusion is still to be removed";
