import type { ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import { knownCheck, updateCheckFailure } from '../../update-check.ts';
import { consecutiveFailures, failedAttempts, attemptsBackoffUntil, wasGivenUp } from '../model/attempts.ts';
import { crashBackoffMs, backoffOf } from '../model/backoff.ts';
import { NOT_REPORTED, type Facts, type ShadowedFacts } from '../model/facts.ts';
import { parseVersion } from '../model/parse-version.ts';
import type { FleetHold } from '../model/plan.ts';
import { LEFT_UNAVAILABLE, type RuleContext } from './rule.ts';

type Reason = Omit<FleetHold, 'node'>;
type Rule<F extends Facts = ShadowedFacts> = (facts: F, context: RuleContext) => Reason | undefined;

/** Rules for every node: whether its agent can report and receive its desired state. */
export const REACH_RULES: readonly Rule<Facts>[] = [deleting, nodeNotReady, agentNotReady];
/** Rules for every disruptive step; each names something that has to be fixed. No other rules apply to the reboot of a staged node. */
export const STEP_RULES: readonly Rule[] = [...REACH_RULES, cordoned, writeFailing];
/** Rules for a change that makes no node unavailable. */
export const WRITE_RULES: readonly Rule[] = [writeFailing];
/**
 * Rules for an idle node, in this order: is it reachable, is there an update, is the update possible, has the backoff ended, can the shadow
 * be written. Reachability comes first because the last report of an agent that is gone may no longer be true.
 */
export const START_RULES: readonly Rule[] = [
  leftUnavailable,
  ...REACH_RULES,
  unreported,
  unhealthyAfterUpdate,
  updateCheckFailing,
  upToDate,
  invalidVersion,
  cordoned,
  versionFailing,
  backoffAfterFailure,
  backoffAfterGivingUp,
  backoffAfterAttempts,
  writeFailing,
];

/** @returns why the node may not continue, by the first rule that objects */
export function objection<F extends Facts>(rules: readonly Rule<F>[], facts: F, context: RuleContext): FleetHold | undefined {
  for (const rule of rules) {
    const reason = rule(facts, context);
    if (reason !== undefined) return { node: facts.node.name, ...reason };
  }
  return undefined;
}

function unreported({ status, shadow }: ShadowedFacts, { now }: RuleContext): Reason | undefined {
  if (status !== NOT_REPORTED) return undefined;
  const since = sinceOf(shadow.metadata.creationTimestamp, now);
  return { reason: 'NotReported', message: 'Waiting for the first status report of the agent', ...since };
}

function leftUnavailable({ owned }: ShadowedFacts): Reason | undefined {
  return owned ? { reason: 'LeftUnavailable', message: LEFT_UNAVAILABLE } : undefined;
}

function updateCheckFailing({ status, shadow }: ShadowedFacts, { overdueChecks }: RuleContext): Reason | undefined {
  const message = updateCheckFailure(status) ?? (overdueChecks.has(shadow.metadata.name) ? overdueMessage(status) : undefined);
  return message === undefined ? undefined : { reason: 'UpdateCheckFailing', message };
}

function overdueMessage({ update_check: check }: ShadowStatus): string {
  const { checked_at: at = null } = check ?? {};
  return `The agent has stopped reporting checks for updates${at === null ? '' : `; the last reported check was at ${at}`}`;
}

function upToDate({ status }: ShadowedFacts): Reason | undefined {
  if (status.current_version !== status.target_version) return undefined;
  const { reason, message } = withoutUpdate(status);
  const at = reason === 'UpToDate' ? (status.update_check?.checked_at ?? null) : null;
  return { reason, message: at === null ? message : `${message} (checked at ${at})` };
}

// A reported failure of the running version remains until the node is healthy.
function unhealthyAfterUpdate({ status }: ShadowedFacts): Reason | undefined {
  const { current_version, target_version, failed_versions } = status;
  if (current_version !== target_version || failed_versions?.some(({ version }) => version === current_version) !== true) return undefined;
  const why = status.failure_message ?? '';
  return { reason: 'UnhealthyAfterUpdate', message: why === '' ? `The node is not healthy on ${current_version}` : why };
}

function invalidVersion({ status: { target_version } }: ShadowedFacts): Reason | undefined {
  if (parseVersion(target_version) !== null) return undefined;
  return { reason: 'InvalidVersion', message: `Cannot update to "${target_version}": not a semantic version` };
}

function deleting({ node }: Facts): Reason | undefined {
  return node.deleting ? { reason: 'NodeDeleting', message: 'The node is being deleted' } : undefined;
}

function nodeNotReady({ node }: Facts, { now }: RuleContext): Reason | undefined {
  if (node.ready) return undefined;
  if (node.fault !== undefined) return { reason: 'NodeNotReady', message: `The Node is invalid: ${node.fault}` };
  return { reason: 'NodeNotReady', message: 'Waiting for the node to be Ready', ...sinceOf(node.readySince, now) };
}

function agentNotReady({ node, agentReady, status }: Facts, { agentsSince, now }: RuleContext): Reason | undefined {
  if (agentReady === true) return undefined;
  const message =
    agentReady === false
      ? "Waiting for the node's agent to be Ready; see the log of its pod"
      : 'The node has no agent pod; see the Events of DaemonSet brupop-agent';
  // An agent that cannot reach its host is not Ready, but may still report why.
  const reported = updateCheckFailure(status);
  const cause = reported === undefined ? '' : `. Its last report: ${reported}`;
  return { reason: 'AgentNotReady', message: `${message}${cause}`, ...sinceOf(agentsSince.get(node.name), now) };
}

/** Since when a hold has lasted, if known. */
export function sinceOf(timestamp: string | undefined, now: number): Pick<FleetHold, 'since'> {
  const since = parseTimestamp(timestamp, now);
  return since === undefined ? {} : { since };
}

function cordoned({ node }: ShadowedFacts): Reason | undefined {
  // The operator's own cordon is no objection: the reboot ends it.
  if (!node.unschedulable || node.cordonedByUs) return undefined;
  return { reason: 'CordonedByAdministrator', message: 'Cordoned by someone else; uncordon it to allow updates' };
}

const MAX_NAMES = 5;

// The nodes that failed are retried: once they succeed, the others may follow.
function versionFailing({ node, status: { target_version } }: ShadowedFacts, { failing }: RuleContext): Reason | undefined {
  const found = failing.get(target_version);
  if (found === undefined || found.failed.has(node.name)) return undefined;
  const { failed, running } = found;
  const names = [...failed].slice(0, MAX_NAMES).join(', ');
  const counted = `${String(failed.size)} ${failed.size === 1 ? 'node' : 'nodes'}`;
  const message = `Waiting because ${target_version} failed on ${counted} (${names}) and runs on ${String(running)}`;
  return { reason: 'VersionFailing', message };
}

function backoffAfterFailure({ status, shadow }: ShadowedFacts, { now }: RuleContext): Reason | undefined {
  const backoff = backoffOf(status, shadow.spec.state_transition_timestamp, now);
  if (backoff === undefined) return undefined;
  const { cause, failures, until } = backoff;
  const reason = cause === 'crashes' ? 'CrashBackoff' : 'VersionBackoff';
  const what = cause === 'crashes' ? 'update the node' : `run ${status.target_version}`;
  const times = failures === 1 ? 'a failure' : `${String(failures)} consecutive failures`;
  return { reason, message: `Backing off after ${times} to ${what}${because(status)}`, until };
}

/** The last failure, as the end of a message. */
function because({ failure_message }: ShadowedFacts['status']): string {
  const why = failure_message ?? '';
  return why === '' ? '' : `: ${why}`;
}

function backoffAfterGivingUp(facts: ShadowedFacts, { now }: RuleContext): Reason | undefined {
  const gaveUpAt = parseTimestamp(facts.shadow.spec.state_transition_timestamp, now);
  if (!wasGivenUp(facts) || gaveUpAt === undefined) return undefined;
  const until = gaveUpAt + crashBackoffMs(consecutiveFailures(facts));
  if (until <= now) return undefined;
  return { reason: 'RetryBackoff', message: `Backing off after an update that made no progress${because(facts.status)}`, until };
}

/** The backoff by what the controller has observed, whatever the agent reports. */
function backoffAfterAttempts({ shadow, status }: ShadowedFacts, { now }: RuleContext): Reason | undefined {
  const until = attemptsBackoffUntil(shadow, now);
  if (until === undefined) return undefined;
  const attempts = String(failedAttempts(shadow));
  return {
    reason: 'RetryBackoff',
    message: `Backing off after ${attempts} consecutive updates that did not succeed${because(status)}`,
    until,
  };
}

/** A write that the API server rejects must not use a slot that another node could use. */
function writeFailing({ shadow }: ShadowedFacts, { failingWrites }: RuleContext): Reason | undefined {
  const failing = failingWrites.get(shadow.metadata.name);
  if (failing === undefined) return undefined;
  return { reason: 'WriteFailing', message: `The API server rejected the shadow update: ${failing.message}`, until: failing.until };
}

/** What is known about a node that reports no newer version. */
export function withoutUpdate(status: ShadowStatus): {
  readonly reason: 'UpToDate' | 'NotChecked' | 'UpdateCheckUnknown';
  readonly message: string;
} {
  const { current_version: version, update_check: check } = status;
  switch (knownCheck(status)) {
    case 'NothingNewer': {
      const listed = check?.newest_listed ?? null;
      const excluded = listed === null ? '' : `: ${listed} is listed, but a version lock or the wave of this host excludes it`;
      return { reason: 'UpToDate', message: `Running ${version}; no newer version is offered${excluded}` };
    }
    case 'NotChecked':
      return { reason: 'NotChecked', message: `Running ${version}; the host has not checked for updates since it booted` };
    default:
      return {
        reason: 'UpdateCheckUnknown',
        message: `Running ${version}; the agent does not report when the host last checked for updates`,
      };
  }
}
