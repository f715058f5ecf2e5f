import { tidyNode } from '@brupop/drain';
import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';
import { sleep, type Clock, type Random } from '@brupop/ports';
import { describeError, type Logger } from '@brupop/process';
import type { Caches } from './caches.ts';
import { inParallel } from './in-parallel.ts';

/** What {@link tidyNodes} needs. */
export interface TidyNodesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly caches: Caches;
}

const LOOK_EVERY_MS = 20_000;
const AT_ONCE = 10;

/**
 * Puts right on nodes what needs no decision about an update, as soon as the watch shows it. Resolves when `signal` aborts.
 *
 * - Keeps the operator's own servers, which may run on cordoned nodes, away from those that somebody else has cordoned: whoever drains a node until it is
 *   empty would never end if they came back. Taints such a node as soon as it is cordoned, and frees it when it no longer is; all of them when no
 *   node is left to be updated, which is how a removal begins.
 * - Removes a mark whose cordon or label somebody else has undone, before it can be taken for the mark of a later cordon that is not ours.
 */
export async function tidyNodes({ client, clock, random, log, caches }: TidyNodesDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const woken = new AbortController();
    caches.onTidyDue(() => {
      woken.abort();
    });
    await inParallel(caches.tidyDue(), AT_ONCE, ({ name, ...tidying }) =>
      tidyNode({ client, clock, nodeName: name, known: caches.node(name), signal }, tidying).then(
        ({ changed }) => {
          if (changed) log.debug('Tidied node', { node: name, tainted: tidying.tainted, voided: Object.keys(tidying.voided ?? {}) });
        },
        (error: unknown) => {
          // Gone in the meantime is as good.
          if (!isKubeStatus(error, 404)) log.warn('Failed to tidy node; will retry', { node: name, reason: describeError(error) });
        },
      ),
    );
    await sleep(clock, LOOK_EVERY_MS * (0.75 + random() / 2), AbortSignal.any([signal, woken.signal])).catch(() => undefined);
  }
}
