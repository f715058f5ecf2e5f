/** What a reason means: the tables of docs/operations.md are generated from it. */
export interface Explanation {
  /** What the reason says about the node. One sentence. */
  readonly meaning: string;
  /** What a person may do about it. One sentence. */
  readonly remedy: string;
}

/**
 * How loudly a hold is told. `quiet`: in the plan, in the metrics and, late, in the condition `Updating`; it passes by itself, or comes over the whole fleet at
 * once, and told node by node at once it would be a storm of writes. `notice`: in an Event and in the log as well. `trouble`: in the condition `Healthy` on top. `lasting`: like
 * `quiet` at first, since it should pass by itself, and like `trouble` once it has lasted for a while; `late-notice`: likewise, and then like `notice`. How
 * long that takes is in `LOUD_AFTER_MS`.
 */
export type Severity = 'quiet' | 'late-notice' | 'lasting' | 'notice' | 'trouble';

/** Of a hold. */
export interface HoldExplanation extends Explanation {
  readonly severity: Severity;
  /** Whether an update of the node is under way. */
  readonly updating: boolean;
}

/** Why a node is left as it is: of an Event, a condition, a line of the log and of the plan, and a label of metrics. */
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

/** Why a shadow is changed: the reason of the Event that tells of it. */
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

/** Why a node is left as it is; in the order in which an operator is likely to meet them. */
export const HOLD_REASONS: Readonly<Record<HoldReason, HoldExplanation>> = {
  UpToDate: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The last check for updates succeeded and offered the node nothing newer. The plan says when that was; checks that fail since then are not older than half an hour.',
    remedy:
      'Nothing. If the message names a newer version that is held back, look at the version lock (`settings.updates.version-lock`) and at the waves of the release.',
  },
  NotChecked: {
    severity: 'quiet',
    updating: false,
    meaning: 'The host has not checked for updates with success since it booted: nothing is known yet.',
    remedy: 'Wait: after half an hour it is `UpdateCheckFailing`, with the cause.',
  },
  UpdateCheckUnknown: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The agent reports no newer version, but not when the host last checked: it is an agent of Brupop 1.x, or an older one of this operator. The node is updated as soon as its agent reports a newer version.',
    remedy: 'Update the agent. If its DaemonSet is up to date, see why this pod has not been replaced.',
  },
  WindowClosed: {
    severity: 'quiet',
    updating: false,
    meaning: 'An update, or the drain of a staged node, would start only within the update window.',
    remedy: 'Wait, or change `SCHEDULER_CRON_EXPRESSION`, or `UPDATE_WINDOW_START` and `UPDATE_WINDOW_STOP`.',
  },
  NoFreeSlot: {
    severity: 'quiet',
    updating: false,
    meaning:
      'As many nodes are being updated, or were left unavailable by an update, as `MAX_CONCURRENT_UPDATE` allows; `budget.usedBy` of the plan names them.',
    remedy:
      'Wait. If one of those nodes is `Stuck`, `LostInUpdate` or `LeftUnavailable`, repair that one first. Raise `MAX_CONCURRENT_UPDATE` if the fleet takes too long.',
  },
  TooManyUnavailable: {
    severity: 'quiet',
    updating: false,
    meaning:
      'As many nodes as `MAX_UNAVAILABLE` allows are not Ready, cordoned for any reason, or being updated; `budget.unavailableNodes` and `budget.usedBy` of the plan name them.',
    remedy: 'Wait for those that are being updated. Look at the others: `kubectl get nodes`.',
  },
  RetryLimited: {
    severity: 'quiet',
    updating: false,
    meaning:
      'The last updates of the node have failed, and other nodes are being updated. Nodes that fail together tend to fail together again, so each failure in a row halves the number of updates that may run beside the next try.',
    remedy:
      'Nothing: it is tried again when fewer updates are under way. `failure_message` in the status of its shadow says why it failed.',
  },
  LastSchedulableNode: {
    severity: 'quiet',
    updating: true,
    meaning:
      'The node is staged, and if it were drained now, no node would be left that takes its pods; another is on its way back from its update.',
    remedy: 'Nothing: it goes on once that node is back, or is stuck.',
  },
  InProgress: {
    severity: 'quiet',
    updating: true,
    meaning: 'The agent is at work on the step that it was told.',
    remedy: 'Nothing before the time given as `until`, when the node counts as stuck.',
  },
  DrainBlocked: {
    severity: 'late-notice',
    updating: true,
    meaning:
      'The drain, the cordon before it or the uncordon after it is blocked. The message names the pod and its PodDisruptionBudget, or quotes the refusal of the API server.',
    remedy:
      'Let the budget allow a disruption (more replicas, all of them Ready), or fix what the refusal names. A drain or cordon ends with `DRAIN_TIMEOUT_ACTION` after `DRAIN_TIMEOUT_SECONDS`; an uncordon is retried until the API server accepts it.',
  },
  Soaking: {
    severity: 'quiet',
    updating: true,
    meaning: 'The node runs the new version and is watched until it has been Ready for `SOAK_TIME_IN_SEC`.',
    remedy: NOTHING,
  },
  UnhealthyAfterUpdate: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The node runs the new version and is not healthy on it: the message names what is not Ready, apart from what was not before the drain. Past the deadline of its monitoring this counts as a failure of the version, until the node is healthy.',
    remedy:
      'Look at the pods that the message names. The node is not rolled back; it is looked at every five minutes, and updated to the next version as any other.',
  },
  Recovering: {
    severity: 'quiet',
    updating: true,
    meaning:
      'The update has ended. The agent undoes what it may have left on the node, its cordon and its exclusion from load balancers, and reports `Idle`.',
    remedy: NOTHING,
  },
  LostInUpdate: {
    severity: 'lasting',
    updating: true,
    meaning: 'The node, or its agent, has not been Ready for five minutes while its update is under way. It keeps its slot.',
    remedy:
      'See whether the host boots: its console, and `kubectl describe node NODE`. If the node is Ready, see why its agent is not: `kubectl get pods --field-selector spec.nodeName=NODE`. If the machine is gone for good, delete the Node.',
  },
  Stuck: {
    severity: 'trouble',
    updating: true,
    meaning:
      'A step has taken longer than its deadline. Other nodes are updated all the same, unless this one is unavailable and holds their slot.',
    remedy: 'The message says what the node waits for. Read the log of its agent; see whether the host boots at all.',
  },
  CordonedByAdministrator: {
    severity: 'trouble',
    updating: false,
    meaning: 'Somebody else has cordoned the node, and it is theirs to uncordon.',
    remedy: '`kubectl uncordon` the node when it may be updated.',
  },
  LeftUnavailable: {
    severity: 'trouble',
    updating: false,
    meaning: 'The node still bears a cordon, an exclusion, an annotation or a taint of the operator although no update is under way.',
    remedy:
      'Its agent, or the apiserver where there is none, gives the node back within minutes once the node is Ready. If not, read their logs. `kubectl uncordon`, and removing the label `node.kubernetes.io/exclude-from-external-load-balancers`, help at once.',
  },
  CrashBackoff: {
    severity: 'trouble',
    updating: false,
    meaning: 'Updates of the node have failed, and it rests for 2^n minutes, 24 hours at most, after n failures in a row.',
    remedy: 'Read `failure_message` in the status of its shadow. It is tried again by itself.',
  },
  VersionBackoff: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The node has booted out of this very version, or could not make it the next to boot, and rests before it tries that version again.',
    remedy:
      'Read the console of the host: it came up with the old version because the new one did not boot. A newer version is tried at once.',
  },
  VersionFailing: {
    severity: 'quiet',
    updating: false,
    meaning:
      'As many nodes as `MAX_FAILED_NODES` have failed to run this version, or were not healthy on it, and no more than that run it; no other node is started on it.',
    remedy:
      'Look at the nodes that the message names. They try again by themselves; once they succeed, or the version is withdrawn, the rollout goes on. Raise `MAX_FAILED_NODES` if those nodes alone are at fault.',
  },
  RetryBackoff: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The last update was given up at its deadline, or the controller has seen several in a row end without success whatever the agent reports, and the node rests before it is tried again.',
    remedy:
      'The Event `GivenUp` of the node says what it waited for, such as an agent that did not answer, or a cordon. The log of its agent says more.',
  },
  WriteFailing: {
    severity: 'trouble',
    updating: false,
    meaning:
      'Kubernetes does not take what the controller would write to the shadow of the node. It is tried once a minute, and other nodes go on.',
    remedy: 'Mend what the message says: an admission policy, a permission, or a field of that shadow that the CRD does not allow.',
  },
  InvalidShadow: {
    severity: 'trouble',
    updating: false,
    meaning:
      'The stored shadow of the node does not match the schema of its CustomResourceDefinition. The message names the field. The operator does not change this shadow, and the other nodes are updated.',
    remedy:
      'Check that the CustomResourceDefinition is the one of this release. Then correct the field, or delete the shadow: its agent creates a new one.',
  },
  InvalidVersion: {
    severity: 'trouble',
    updating: false,
    meaning: 'The host offers a version that is none.',
    remedy: 'Look at the update repository, and at `settings.updates` of the host.',
  },
  UpdateCheckFailing: {
    severity: 'trouble',
    updating: false,
    meaning: 'No check for updates has succeeded for half an hour or more, so whether there is an update is unknown.',
    remedy:
      'The message quotes the host. Most often it does not reach its repository: look at `settings.updates` and `settings.network` of the host. If the agent itself has stopped checking, restart its pod and read its log.',
  },
  NodeNotReady: {
    severity: 'lasting',
    updating: false,
    meaning: 'Kubernetes says that the node is not Ready.',
    remedy: '`kubectl describe node` tells why.',
  },
  NodeDeleting: {
    severity: 'lasting',
    updating: false,
    meaning: 'The Node object is being deleted.',
    remedy: 'Nothing. If it lasts, a finalizer keeps the object: `kubectl get node NODE -o yaml`.',
  },
  AgentNotReady: {
    severity: 'lasting',
    updating: false,
    meaning: 'The node has no agent pod, or one that is not Ready, and without an agent nothing can be updated.',
    remedy:
      "See why: `kubectl describe pods --field-selector spec.nodeName=NODE` in the operator's namespace. If it runs, it does not reach its host or the apiserver: its log says why at level warn. If not: taints, a missing image, a setting that it refuses and the node's architecture are the usual reasons. `FailedMount` of `/run/api.sock`: the node does not run Bottlerocket, remove its label.",
  },
  NoShadow: {
    severity: 'lasting',
    updating: false,
    meaning: 'The node is labelled and its agent runs, but has not registered it.',
    remedy: 'The log of its agent tells what the apiserver answers.',
  },
  NotReported: {
    severity: 'lasting',
    updating: false,
    meaning: 'The agent has registered the node and not yet told which version it runs.',
    remedy: "The log of its agent tells whether it reaches the host's API.",
  },
};

/**
 * Whose Events tell of a change, beside the log and the metrics. The Node is told of what disturbs it and of what goes wrong; its shadow of the whole
 * course; and a step that follows by itself from the one before, and is soon over, is told of in no Event.
 */
export type EventSubjects = 'none' | 'shadow' | 'shadow and Node';

/** Of a change. */
export interface ChangeExplanation extends Explanation {
  readonly events: EventSubjects;
}

/** Why a shadow is changed. */
export const CHANGE_REASONS: Readonly<Record<ChangeReason, ChangeExplanation>> = {
  UpdateStarted: { events: 'shadow', meaning: 'The node is told to download and stage the new version.', remedy: NOTHING },
  RebootAllowed: { events: 'shadow and Node', meaning: 'The staged node is told to drain and to reboot.', remedy: NOTHING },
  MonitoringStarted: { events: 'none', meaning: 'The node runs the new version and is watched.', remedy: NOTHING },
  UpdateFinished: { events: 'shadow', meaning: 'The node is updated.', remedy: NOTHING },
  ResetAfterError: {
    events: 'shadow and Node',
    meaning: 'The agent has reported a failure, which the message quotes. The node is given back and rests.',
    remedy: 'Read the message. The node is tried again by itself.',
  },
  UpdateWithdrawn: {
    events: 'shadow',
    meaning: 'The update ended because its version is no longer offered to the node. It counts as no failure.',
    remedy:
      'Nothing, if the release was withdrawn, a newer one published, or `settings.updates` of the host changed. The node takes the next version that it is offered.',
  },
  GivenUp: {
    events: 'shadow and Node',
    meaning: 'The node did not reach its next step before the deadline. Its turn goes to another, and it rests.',
    remedy: 'The message says what kept it. If that is its agent, read the log of the agent.',
  },
  WindowClosed: {
    events: 'shadow and Node',
    meaning:
      'The window closed before the node began to drain: the permission to reboot is taken back. The node goes on when the window opens again.',
    remedy: 'Nothing, unless it happens to the same node again: then read the log of its agent, which did not begin in time.',
  },
  LabelRemoved: {
    events: 'shadow and Node',
    meaning: 'The node has lost its opt-in label: its update is called off or its shadow deleted.',
    remedy: NOTHING,
  },
  NodeGone: { events: 'shadow and Node', meaning: 'The node is gone, and its shadow is deleted.', remedy: NOTHING },
};
