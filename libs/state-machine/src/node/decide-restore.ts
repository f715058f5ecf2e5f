import type { ObservedShadow } from '@brupop/crd-models';

/** A node with a cordon or a load-balancer exclusion that the operator owns, and what could restore it. */
export interface OwnedNode {
  /** Whether it has the opt-in label with the right value, and so gets an agent. */
  readonly managed: boolean;
  readonly ready: boolean;
  /** As reported by its kubelet; undefined if not reported. */
  readonly bootId: string | undefined;
  /** Whether there is an agent pod on it, in any state. */
  readonly hasAgent: boolean;
  readonly shadow: Pick<ObservedShadow, 'spec' | 'status' | 'fault'> | undefined;
}

/** Whether to restore the node on behalf of its agent, once the situation has lasted for `afterMs`. */
export type RestoreDecision =
  { readonly kind: 'leave'; readonly reason: string } | { readonly kind: 'restore'; readonly reason: string; readonly afterMs: number };

// Caches of different resources observe the same change at different times.
const SETTLED_MS = 30_000;
// As long as an agent waits for a host that has accepted a reboot.
const GOING_DOWN_MS = 10 * 60_000;

/**
 * Decides whether only the apiserver can restore a node after an update: the agent was removed with the opt-in label of the node, or its
 * shadow was deleted or edited and no longer says that there is something to restore.
 */
export function decideRestore({ managed, ready, bootId, hasAgent, shadow }: OwnedNode): RestoreDecision {
  if (isUpdating(shadow) && (managed || hasAgent)) return { kind: 'leave', reason: 'The agent is restoring the node' };
  if (!ready) return { kind: 'leave', reason: 'Waiting for the Node to be Ready' };
  const cause = managed || hasAgent ? 'its agent has no update to finish' : 'it has lost its opt-in label and its agent';
  const reason = `Restoring the node because ${cause}`;
  return { kind: 'restore', reason, afterMs: mayGoDown(shadow, bootId) ? GOING_DOWN_MS : SETTLED_MS };
}

function isUpdating(shadow: OwnedNode['shadow']): boolean {
  if (shadow === undefined) return false;
  const { spec, status, fault } = shadow;
  // An invalid shadow may be that of an update, and someone has to correct it.
  if (fault !== undefined) return true;
  return spec.state !== 'Idle' || (status?.current_state ?? 'Idle') !== 'Idle' || (status?.progress ?? null) !== null;
}

/** Whether the removed agent may have requested a reboot that has not happened yet. Agents of Brupop 1.x do not report it. */
function mayGoDown(shadow: OwnedNode['shadow'], bootId: string | undefined): boolean {
  if (shadow?.fault !== undefined) return true;
  const progress = shadow?.status?.progress;
  if (progress === null || progress === undefined) return shadow?.spec.state === 'RebootedIntoUpdate';
  return progress.step === 'Rebooting' && (bootId === undefined || bootId === progress.boot_id);
}
