import { nodeNameOf } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { KubeClient } from '@brupop/kube-runtime';
import { isKubeStatus, KubeApiError, MERGE_PATCH, paths } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { Logger } from '@brupop/process';
import type { FleetHold } from '@brupop/state-machine';
import { shadowConditions } from '@brupop/state-machine';
import type { AssumedShadows } from './assumed-shadows.ts';
import { trimShadow } from './trim.ts';

/** What writing conditions takes. */
export interface ConditionWriterDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  readonly assumed: AssumedShadows;
  /** Whether there is something more important to do. */
  readonly isPressed: () => boolean;
}

// The whole fleet may want conditions at once, after an installation; updates shall not wait for them.
const MOST_AT_ONCE = 50;

/**
 * Writes the conditions that have changed, each only over the very shadow they were worked out from. People and monitoring read them and nothing is
 * decided by them, so a write that fails is no failure of the reconcile.
 * @returns whether some are still to be written
 */
export async function writeConditions(
  { client, clock, log, namespace, assumed, isPressed }: ConditionWriterDeps,
  holds: readonly FleetHold[],
  shadows: readonly BottlerocketShadow[],
  signal: AbortSignal,
): Promise<boolean> {
  const byNode = new Map(holds.map((hold) => [hold.node, hold]));
  let writes = 0;
  let outdated = false;
  for (const shadow of shadows) {
    const hold = byNode.get(nodeNameOf(shadow) ?? '');
    const conditions = hold && shadowConditions(shadow, hold, clock.now());
    if (conditions === undefined) continue;
    // The first is always written: there may be no end of other news.
    if (writes === MOST_AT_ONCE || (writes > 0 && isPressed())) return true;
    writes += 1;
    signal.throwIfAborted();
    const { name, resourceVersion } = shadow.metadata;
    const body = { metadata: { resourceVersion }, status: { conditions } };
    const path = paths.shadowStatus(namespace, name);
    try {
      assumed.written(trimShadow(await client.request<BottlerocketShadow>('PATCH', path, { body, contentType: MERGE_PATCH, signal })));
    } catch (error) {
      signal.throwIfAborted();
      outdated ||= isKubeStatus(error, 409);
      if (isKubeStatus(error, 404, 409)) continue;
      log.warn('Writing the conditions of a shadow failed', { shadow: name, error });
      // Not the whole fleet against an API server that is down.
      if (!(error instanceof KubeApiError) || error.retry !== 'terminal') return true;
    }
  }
  return outdated;
}
