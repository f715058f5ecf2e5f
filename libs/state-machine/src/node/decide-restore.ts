import type { ObservedShadow } from '@brupop/crd-models';

/** A node on which an update of ours has left a cordon or an exclusion from load balancers, and those who could undo it. */
export interface OwnedNode {
  /** Whether it carries the opt-in label with the right value, so that it gets an agent. */
  readonly managed: boolean;
  readonly ready: boolean;
  /** As its kubelet reports it; undefined if it does not. */
  readonly bootId: string | undefined;
  /** Whether there is an agent pod on it, in whatever state. */
  readonly hasAgent: boolean;
  readonly shadow: Pick<ObservedShadow, 'spec' | 'status' | 'fault'> | undefined;
}

/** Whether to give the node back in the agent's place, once things have been like this for `afterMs`. */
export type RestoreDecision =
  { readonly kind: 'leave'; readonly reason: string } | { readonly kind: 'return'; readonly reason: string; readonly afterMs: number };

// Caches that watch different resources show one change at different times.
const SETTLED_MS = 30_000;
// As long as an agent would wait for a host that has accepted its reboot.
const GOING_DOWN_MS = 10 * 60_000;

/**
 * Decides whether nobody but the apiserver will undo what an update has left on a node: the agent is gone with the node's opt-in label, or its
 * shadow, deleted or edited by hand, does not tell it that there is something to undo.
 */
export function decideRestore({ managed, ready, bootId, hasAgent, shadow }: OwnedNode): RestoreDecision {
  if (isUpdating(shadow) && (managed || hasAgent)) return { kind: 'leave', reason: 'The agent is restoring the node' };
  if (!ready) return { kind: 'leave', reason: 'Waiting for the Node to be Ready' };
  const why = managed || hasAgent ? 'its agent has no update to finish' : 'it has lost its opt-in label and its agent';
  const reason = `Restoring the node because ${why}`;
  return { kind: 'return', reason, afterMs: mayGoDown(shadow, bootId) ? GOING_DOWN_MS : SETTLED_MS };
}

function isUpdating(shadow: OwnedNode['shadow']): boolean {
  if (shadow === undefined) return false;
  const { spec, status, fault } = shadow;
  // What cannot be read may be an update, and a person has to correct it.
  if (fault !== undefined) return true;
  return spec.state !== 'Idle' || (status?.current_state ?? 'Idle') !== 'Idle' || (status?.progress ?? null) !== null;
}

/** Whether the agent that is gone may have asked for a reboot that has not come yet. Agents of Brupop 1.x do not tell. */
function mayGoDown(shadow: OwnedNode['shadow'], bootId: string | undefined): boolean {
  if (shadow?.fault !== undefined) return true;
  const progress = shadow?.status?.progress;
  if (progress === null || progress === undefined) return shadow?.spec.state === 'RebootedIntoUpdate';
  return progress.step === 'Rebooting' && (bootId === undefined || bootId === progress.boot_id);
}
