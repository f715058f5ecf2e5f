import type { FailingVersion } from '../model/failing-versions.ts';
import type { FleetWindow } from './fleet-window.ts';
import type { FailingWrite } from '../model/observation.ts';
import type { FleetPolicy } from '../model/policy.ts';

/** What a rule may use besides the facts about the node. */
export interface RuleContext {
  readonly policy: FleetPolicy;
  readonly window: FleetWindow;
  readonly failing: ReadonlyMap<string, FailingVersion>;
  /** By node name: since when its agent is Ready or not Ready; RFC 3339. */
  readonly agentsSince: ReadonlyMap<string, string>;
  /** By name of the shadow. */
  readonly failingWrites: ReadonlyMap<string, FailingWrite>;
  /** Names of the shadows whose agents have stopped reporting checks for updates. */
  readonly overdueChecks: ReadonlySet<string>;
  /** Whether no node is managed any longer, but some node still has a taint of the operator. */
  readonly leavesTaints: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The message for a node that an update left cordoned or excluded. */
export const LEFT_UNAVAILABLE = "The operator's cordon or load-balancer exclusion is still to be removed";
