import { nodeNameOf } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { EventRecorder } from '@brupop/kube-runtime';
import type { Logger } from '@brupop/process';
import type { ChangeReason, FleetChange, FleetHold, FleetObservation, HoldReason } from '@brupop/state-machine';
import { drainBlockedBy, needsAttention } from '@brupop/state-machine';

/** Tells users what was done with each node, and what keeps one back if a person may have to do something about it. */
export interface PlanReporter {
  changed(change: FleetChange, observation: FleetObservation): void;
  held(holds: readonly FleetHold[], observation: FleetObservation): void;
}

const TROUBLE: readonly ChangeReason[] = ['ResetAfterError', 'GivenUp'];

export function createPlanReporter({ events, log }: { readonly events: EventRecorder; readonly log: Logger }): PlanReporter {
  let told = new Map<string, HoldReason>();
  let toldBlocked = new Map<string, string>();
  const record = (node: string, observation: FleetObservation, type: 'Normal' | 'Warning', reason: string, message: string): void => {
    const uid = observation.nodes.find(({ name }) => name === node)?.uid;
    if (uid !== undefined) events.record({ regarding: { apiVersion: 'v1', kind: 'Node', name: node, uid }, type, reason, message });
  };
  const recordOnShadow = ({ apiVersion, kind, metadata }: BottlerocketShadow, reason: string, message: string): void => {
    const { name, namespace, uid } = metadata;
    if (namespace === undefined || uid === undefined) return;
    events.record({ regarding: { apiVersion, kind, namespace, name, uid }, type: 'Warning', reason, message });
  };
  /** Once for each budget and pod, on the Node and on its shadow: whoever drains by hand looks at the one, whoever updates at the other. */
  const tellBlocked = (observation: FleetObservation): void => {
    const blocked = new Map<string, string>();
    for (const shadow of observation.shadows) {
      const node = nodeNameOf(shadow);
      const message = drainBlockedBy(shadow);
      if (node === undefined || message === undefined) continue;
      blocked.set(node, message);
      if (toldBlocked.get(node) === message) continue;
      log.warn('A drain is blocked', { node, detail: message });
      record(node, observation, 'Warning', 'DrainBlocked', message);
      recordOnShadow(shadow, 'DrainBlocked', message);
    }
    toldBlocked = blocked;
  };
  return {
    changed(change, observation) {
      const { node, reason, message } = change;
      const to = change.kind === 'spec' ? { state: change.spec.state, version: change.spec.version } : {};
      log.info('Changed a shadow', { node, reason, detail: message, ...to });
      record(node, observation, TROUBLE.includes(reason) ? 'Warning' : 'Normal', reason, message);
    },
    held(holds, observation) {
      tellBlocked(observation);
      const fresh = holds.filter(({ node, reason }) => told.get(node) !== reason);
      told = new Map(holds.map(({ node, reason }) => [node, reason]));
      for (const { node, reason, message, until } of fresh) {
        log.debug('Holding a node', { node, reason, detail: message, until });
        // At thousands of nodes the events of the others would bury these; /plan and the metrics tell of all.
        if (!needsAttention(reason)) continue;
        log.warn('A node needs attention', { node, reason, detail: message, until });
        record(node, observation, 'Warning', reason, message);
      }
    },
  };
}
