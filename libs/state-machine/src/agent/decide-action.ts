import type { ShadowStatus } from '@brupop/crd-models';
import { decideIdle, nextCheck } from './idle.ts';
import { decideMonitoring } from './monitor.ts';
import { endWithdrawn, offerOf } from './offer.ts';
import { restoreIfOwned, waitWhileBusy } from './outcomes.ts';
import { decideReboot } from './reboot.ts';
import { decideStage } from './stage.ts';
import { observedStatus, reportFailure } from './status.ts';
import type { Action, AgentObservation } from './types.ts';

/**
 * What the agent of a node does next. The decision starts from the current state of the host, not from earlier steps, so any action may be
 * repeated or lost at any point.
 * @returns one step, a status to write, or how long to wait; decide again after each
 */
export function decideAction(o: AgentObservation): Action {
  const { spec, status } = o.shadow;
  if (spec.state === 'Idle') return decideIdle(o);
  // The controller has not acknowledged the failure yet. Another attempt now would count it twice.
  if (status?.current_state === 'ErrorReset') return { kind: 'wait', reason: 'Waiting for the controller to acknowledge the failure' };
  if (spec.state === 'ErrorReset') return cancel(o);
  const version = spec.version ?? '';
  if (version === '') {
    const reason = `The shadow's spec sets the state ${spec.state} without a version`;
    return restoreIfOwned(o, reason) ?? reportFailure(o, version, reason, 'other');
  }
  if (isReached(o, version)) return waitForNextStep(o, version);
  switch (spec.state) {
    case 'StagedAndPerformedUpdate':
      // The permission to reboot may be withdrawn when the node is cordoned already.
      return restoreIfOwned(o, 'The reboot was canceled') ?? decideStage(o, version);
    case 'RebootedIntoUpdate':
      return decideReboot(o, version);
    case 'MonitoringUpdate':
      return decideMonitoring(o, version);
  }
}

/** A user has set the spec to `ErrorReset`: the update is canceled and has not failed. The node is restored before this is reported. */
function cancel(o: AgentObservation): Action {
  const reason = 'The update was canceled';
  const status: ShadowStatus = { ...observedStatus(o), current_state: 'ErrorReset', progress: null };
  return restoreIfOwned(o, reason) ?? { kind: 'report', reason, status };
}

function isReached(o: AgentObservation, version: string): boolean {
  const { spec, status } = o.shadow;
  return (
    status?.current_state === spec.state &&
    status.target_version === version &&
    status.progress == null &&
    // If the host has since booted another version, the decision starts again.
    status.current_version === o.host.version
  );
}

/** A staged node may wait for days. It ends its update if the version is withdrawn meanwhile, so that another node can use its slot. */
function waitForNextStep(o: AgentObservation, version: string): Action {
  const reason = `${o.shadow.spec.state} is reached; waiting for the controller to allow the next step`;
  const { status } = o.host;
  if (o.shadow.spec.state !== 'StagedAndPerformedUpdate' || o.host.version === version) return { kind: 'wait', reason };
  if (status.kind === 'busy') return waitWhileBusy(o);
  // The staged update is lost, or someone has canceled it on the host. This is reported when the node may reboot.
  if (status.kind !== 'known' || (status.updateState !== 'Ready' && status.updateState !== 'Staged')) return { kind: 'wait', reason };
  if (offerOf(o, version) === 'gone') return endWithdrawn(o, version);
  const until = nextCheck(o);
  return o.now < until ? { kind: 'wait', reason, until } : { kind: 'refresh', reason: `Checking that ${version} is still offered` };
}
