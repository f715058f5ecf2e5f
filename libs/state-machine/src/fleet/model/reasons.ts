/** What a reason means. The tables in docs/operations.md are generated from it. */
export interface Explanation {
  /** What the reason says about the node. */
  readonly meaning: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Where a hold is reported. `quiet`: in the plan, in the metrics and, with a delay, in the condition `Updating`. Such a hold passes by
 * itself, or affects the whole fleet at once, where a write for each node would be a storm. `notice`: also in an Event and in the log.
 * `trouble`: also in the condition `Healthy`. `lasting`: first `quiet`, because the hold should pass by itself, and `trouble` once it has
 * lasted. `late-notice`: first `quiet`, then `notice`. `REPORTED_AFTER_MS` says after how long.
 */
export type Severity = 'quiet' | 'late-notice' | 'lasting' | 'notice' | 'trouble';

/** The explanation of a hold. */
export interface HoldExplanation extends Explanation {
  readonly severity: Severity;
  /** Whether an update of the node is under way. */
  readonly updating: boolean;
}

/** Why a node takes no step now: the reason in Events, conditions, logs and the plan, and a label of metrics. */
export type HoldReason =
  | 'UpToDate'
  | 'NotChecked'
  | 'UpdateCheckUnknown'
  | 'WindowClosed'
  | 'NoFreeSlot'
  | 'TooManyUnavailable'
  | 'RetryLimited'
  | 'LastSchedulableNode'
  | 'InProgress'
  | 'DrainBlocked'
  | 'Soaking'
  | 'UnhealthyAfterUpdate'
  | 'Recovering'
  | 'LostInUpdate'
  | 'Stuck'
  | 'CordonedByAdministrator'
  | 'LeftUnavailable'
  | 'CrashBackoff'
  | 'VersionBackoff'
  | 'VersionFailing'
  | 'RetryBackoff'
  | 'WriteFailing'
  | 'InvalidShadow'
  | 'InvalidVersion'
  | 'UpdateCheckFailing'
  | 'NodeNotReady'
  | 'NodeDeleting'
  | 'AgentNotReady'
  | 'NoShadow'
  | 'NotReported';

/** Why the controller changes a shadow: the reason in Events, logs and the plan, and a label of metrics. */
export type ChangeReason =
  | 'UpdateStarted'
  | 'RebootAllowed'
  | 'MonitoringStarted'
  | 'UpdateFinished'
  | 'ResetAfterError'
  | 'UpdateWithdrawn'
  | 'GivenUp'
  | 'WindowClosed'
  | 'LabelRemoved'
  | 'NodeGone';

const NOTHING = 'Nothing.';

/** Why a node takes no step now, in the order in which operators are likely to meet the reasons. */
export const HOLD_REASONS: Readonly<Record<HoldReason, HoldExplanation>> = {
  UpToDate: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The last successful check for updates found no newer version for the node. The message says when it ran. Checks may have failed since then, for less than half an hour.',
    remedy:
      'Nothing. If the message names a newer version, check the version lock (`settings.updates.version-lock`) and the update waves of the release.',
  },
  NotChecked: {
    severity: 'quiet',
    updating: false,
    meaning: 'The host has not completed a check for updates since it booted, so availability is unknown.',
    remedy: 'Wait. After half an hour the reason becomes `UpdateCheckFailing`, and the message names the cause.',
  },
  UpdateCheckUnknown: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The agent reports no newer version, and does not report when the host last checked. It is an agent of Brupop 1.x or of an older release. The node is updated once its agent reports a newer version.',
    remedy: 'Update the agent. If its DaemonSet is up to date, find out why this pod has not been replaced.',
  },
  WindowClosed: {
    severity: 'quiet',
    updating: false,
    meaning: 'Updates, and drains of staged nodes, start only within the update window, which is closed.',
    remedy: 'Wait, or change the window: `SCHEDULER_CRON_EXPRESSION`, or `UPDATE_WINDOW_START` and `UPDATE_WINDOW_STOP`.',
  },
  NoFreeSlot: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The number of nodes that are being updated, or that an update left unavailable, has reached `MAX_CONCURRENT_UPDATE`. `budget.usedBy` in the plan names them.',
    remedy:
      'Wait. If one of those nodes is `Stuck`, `LostInUpdate` or `LeftUnavailable`, repair it first. Raise `MAX_CONCURRENT_UPDATE` if updating the fleet takes too long.',
  },
  TooManyUnavailable: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The number of nodes that are not Ready, cordoned or being updated has reached `MAX_UNAVAILABLE`. `budget.unavailableNodes` and `budget.usedBy` in the plan name them.',
    remedy: 'Wait for the nodes that are being updated. Check the others with `kubectl get nodes`.',
  },
  RetryLimited: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The last updates of the node failed, and other nodes are being updated. Nodes that fail together tend to fail together again, so each consecutive failure halves the number of updates that may run at the same time as the next attempt.',
    remedy:
      'Nothing. The operator retries the node when fewer updates are running. `failure_message` in the status of its shadow says why it failed.',
  },
  LastSchedulableNode: {
    severity: 'quiet',
    updating: true,
    meaning: 'The node is staged, and is the last one that can run its pods until another node returns from its update.',
    remedy: 'Nothing. The node is drained once the other node has returned or is stuck.',
  },
  InProgress: {
    severity: 'quiet',
    updating: true,
    meaning: 'The agent is performing its current step.',
    remedy: 'Nothing. If the step has not finished by the time in `until`, the node is `Stuck`.',
  },
  DrainBlocked: {
    severity: 'late-notice',
    updating: true,
    meaning:
      'The drain, the cordon before it or the uncordon after it is blocked. The message names the pod and its PodDisruptionBudget, or quotes the error of the API server.',
    remedy:
      'Let the PodDisruptionBudget allow a disruption (more replicas, all of them Ready), or fix the cause of the error. A drain or cordon ends with `DRAIN_TIMEOUT_ACTION` after `DRAIN_TIMEOUT_SECONDS`. An uncordon is retried until the API server accepts it.',
  },
  Soaking: {
    severity: 'quiet',
    updating: true,
    meaning: 'The node runs the new version and is monitored until it has been Ready for `SOAK_TIME_IN_SEC`.',
    remedy: NOTHING,
  },
  UnhealthyAfterUpdate: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The node is not healthy on the new version. The message names what is not Ready now and was Ready before the drain. After the monitoring deadline this counts as a failure of the version until the node is healthy.',
    remedy:
      'Check the pods that the message names. The node is not rolled back. Its health is checked every five minutes, and it is updated to the next version like any other node.',
  },
  Recovering: {
    severity: 'quiet',
    updating: true,
    meaning: 'The update has ended. The agent removes its cordon and its load-balancer exclusion from the node, and then reports `Idle`.',
    remedy: NOTHING,
  },
  LostInUpdate: {
    severity: 'lasting',
    updating: true,
    meaning: 'The node or its agent has not been Ready for five minutes during an update. The node keeps its slot.',
    remedy:
      'Check whether the host boots: read its console, and run `kubectl describe node NODE`. If the node is Ready, find out why its agent is not: `kubectl get pods --field-selector spec.nodeName=NODE`. If the machine no longer exists, delete the Node.',
  },
  Stuck: {
    severity: 'trouble',
    updating: true,
    meaning:
      'A step has passed its deadline. Other nodes are still updated, unless this one is unavailable and uses the slot that they need.',
    remedy: 'The message says what the node waits for. Read the log of its agent, and check whether the host boots.',
  },
  CordonedByAdministrator: {
    severity: 'trouble',
    updating: false,
    meaning: 'Someone other than the operator has cordoned the node, and only they should uncordon it.',
    remedy: 'Run `kubectl uncordon NODE` when the node may be updated.',
  },
  LeftUnavailable: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The node still has a cordon, a load-balancer exclusion, an annotation or a taint of the operator, although it is not being updated.',
    remedy:
      'Its agent, or the apiserver if there is no agent, restores the node within minutes after it becomes Ready. If that does not happen, read their logs. To restore the node now, run `kubectl uncordon NODE` and remove the label `node.kubernetes.io/exclude-from-external-load-balancers`.',
  },
  CrashBackoff: {
    severity: 'trouble',
    updating: false,
    meaning: 'The last n updates of the node failed, and it backs off for 2^n minutes, at most 24 hours.',
    remedy: 'Read `failure_message` in the status of its shadow. The operator retries the node when the backoff ends.',
  },
  VersionBackoff: {
    severity: 'trouble',
    updating: false,
    meaning: 'The node booted back from this version or could not activate it, and backs off before it tries the version again.',
    remedy: 'Read the console of the host to find out why the new version did not boot. A newer version is tried immediately.',
  },
  VersionFailing: {
    severity: 'quiet',
    updating: false,
    meaning:
      'At least `MAX_FAILED_NODES` nodes failed to run this version or were not healthy on it, and no more nodes run it than failed. No other node starts an update to it.',
    remedy:
      'Check the nodes that the message names. They are retried automatically. The rollout continues once they succeed or the version is withdrawn. If the cause lies in those nodes and not in the version, raise `MAX_FAILED_NODES`.',
  },
  RetryBackoff: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The last update was given up at its deadline, or several consecutive updates did not succeed, and the node backs off before the next attempt.',
    remedy:
      'The Event `GivenUp` of the node says what the update waited for, such as an agent that did not respond, or a cordon. The log of its agent has details.',
  },
  WriteFailing: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The API server rejected the update of the shadow of the node. The write is retried once a minute. Other nodes are not affected.',
    remedy:
      'Fix the cause that the message names: an admission policy, a permission, or a field of the shadow that the CustomResourceDefinition does not allow.',
  },
  InvalidShadow: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The stored shadow of the node does not match the schema of its CustomResourceDefinition. The message names the field. The operator does not change this shadow. Other nodes are not affected.',
    remedy:
      'Check that the CustomResourceDefinition of this release is installed. Then correct the field, or delete the shadow; its agent creates a new one.',
  },
  InvalidVersion: {
    severity: 'trouble',
    updating: false,
    meaning: 'The host reports an invalid semantic version.',
    remedy: 'Check the update repository, and `settings.updates` of the host.',
  },
  UpdateCheckFailing: {
    severity: 'trouble',
    updating: false,
    meaning: 'No check for updates has succeeded for at least half an hour, so availability is unknown.',
    remedy:
      'The message quotes the host. The cause is usually an unreachable repository: check `settings.updates` and `settings.network` of the host. If the agent has stopped checking, read its log and restart its pod.',
  },
  NodeNotReady: {
    severity: 'lasting',
    updating: false,
    meaning: 'The Ready condition of the node is not True.',
    remedy: 'Run `kubectl describe node NODE` to find out why.',
  },
  NodeDeleting: {
    severity: 'lasting',
    updating: false,
    meaning: 'The Node object is being deleted.',
    remedy: 'Nothing. If the deletion does not finish, look for finalizers: `kubectl get node NODE -o yaml`.',
  },
  AgentNotReady: {
    severity: 'lasting',
    updating: false,
    meaning: 'The node has no agent pod, or its agent pod is not Ready. The operator cannot update a node without its agent.',
    remedy:
      "Run `kubectl describe pods --field-selector spec.nodeName=NODE` in the operator's namespace. If the pod is running, it cannot reach the host API or the apiserver: its log at level warn says why. If it is not, the usual causes are taints, a missing image, an invalid setting and an unsupported architecture. `FailedMount` of `/run/api.sock` means that the node does not run Bottlerocket: remove its label.",
  },
  NoShadow: {
    severity: 'lasting',
    updating: false,
    meaning: 'The node has the opt-in label and a running agent, but the agent has not created its shadow.',
    remedy: 'Read the log of its agent: it quotes the response of the apiserver.',
  },
  NotReported: {
    severity: 'lasting',
    updating: false,
    meaning: 'The agent has created the shadow of the node and has not reported which version the host runs.',
    remedy: 'Read the log of its agent: it says whether the agent reaches the host API.',
  },
};

/**
 * Which objects get an Event for a change. The Node gets those of disruptions and failures, its shadow those of the whole update. A short
 * step that always follows the one before gets none; it is in the log and in the metrics.
 */
export type EventSubjects = 'none' | 'shadow' | 'shadow and Node';

/** The explanation of a change. */
export interface ChangeExplanation extends Explanation {
  readonly events: EventSubjects;
}

/** Why the controller changes a shadow. */
export const CHANGE_REASONS: Readonly<Record<ChangeReason, ChangeExplanation>> = {
  UpdateStarted: { events: 'shadow', meaning: 'The agent may download and stage the new version.', remedy: NOTHING },
  RebootAllowed: { events: 'shadow and Node', meaning: 'The staged node may drain and reboot.', remedy: NOTHING },
  MonitoringStarted: { events: 'none', meaning: 'The node runs the new version, and its health is monitored.', remedy: NOTHING },
  UpdateFinished: { events: 'shadow', meaning: 'The update succeeded.', remedy: NOTHING },
  ResetAfterError: {
    events: 'shadow and Node',
    meaning: 'The agent reported a failure, which the message quotes. The node is restored and backs off.',
    remedy: 'Read the message. The operator retries the node when the backoff ends.',
  },
  UpdateWithdrawn: {
    events: 'shadow',
    meaning: 'The update ended because its version is no longer offered to the node. This does not count as a failure.',
    remedy:
      'Nothing, if the release was withdrawn, a newer one was published, or `settings.updates` of the host changed. The node is updated to the next version that it is offered.',
  },
  GivenUp: {
    events: 'shadow and Node',
    meaning: 'The node did not reach its next state before the deadline. It releases its slot and backs off.',
    remedy: 'The message names the cause. If the cause is the agent, read its log.',
  },
  WindowClosed: {
    events: 'shadow and Node',
    meaning:
      'The window closed before the node began to drain, so the permission to reboot is withdrawn. The update continues when the window opens again.',
    remedy: 'Nothing. If this happens to the same node again, read the log of its agent to find out why it did not begin in time.',
  },
  LabelRemoved: {
    events: 'shadow and Node',
    meaning: 'The node lost its opt-in label, so its update is canceled or its shadow is deleted.',
    remedy: NOTHING,
  },
  NodeGone: { events: 'shadow and Node', meaning: 'The node no longer exists, so its shadow is deleted.', remedy: NOTHING },
};
