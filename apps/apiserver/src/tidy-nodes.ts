import { OWNERSHIP_NAMES } from '@brupop/crd-models';
import { tidyNode } from '@brupop/drain';
import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';
import { describeError, Notifier, type Clock, type Random, type Logger } from '@brupop/ports';
import type { Caches } from './caches.ts';
import { inParallel } from './in-parallel.ts';

interface TidyNodesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly caches: Caches;
}

const CHECK_EVERY_MS = 20_000;
const AT_ONCE = 10;

/**
 * Corrects on nodes what needs no decision about an update, as soon as the watch shows it. Resolves when `signal` aborts.
 *
 * - Keeps the operator's servers, which tolerate cordons, off cordoned nodes: if they returned, the drain of a node by someone else would
 *   never end. Taints a node when it is cordoned, and removes the taint when it is uncordoned. Removes the taint from all nodes when no
 *   node has the opt-in label any more, which is how the removal of the operator begins.
 * - Removes an ownership annotation whose cordon or label someone else has removed, before it could claim a later cordon by someone else.
 */
export async function tidyNodes({ client, clock, random, log, caches }: TidyNodesDeps, signal: AbortSignal): Promise<void> {
  const changes = new Notifier(clock);
  caches.onTidyDue(() => {
    changes.notify();
  });
  while (!signal.aborted) {
    const seen = changes.version;
    await inParallel(caches.tidyDue(), AT_ONCE, ({ name, ...tidying }) =>
      tidyNode({ client, clock, nodeName: name, names: OWNERSHIP_NAMES, known: caches.node(name), signal }, tidying).then(
        ({ changed }) => {
          if (changed) log.debug('Tidied node', { node: name, tainted: tidying.tainted, voided: Object.keys(tidying.voided ?? {}) });
        },
        (error: unknown) => {
          // A deleted node needs nothing.
          if (!isKubeStatus(error, 404)) log.warn('Failed to tidy node; will retry', { node: name, reason: describeError(error) });
        },
      ),
    );
    await changes.wait(seen, CHECK_EVERY_MS * (0.75 + random() / 2), signal).catch(() => undefined);
  }
}
