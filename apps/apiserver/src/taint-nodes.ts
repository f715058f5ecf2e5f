import { taintNode } from '@brupop/drain';
import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';
import { sleep, type Clock, type Random } from '@brupop/ports';
import { describeError, type Logger } from '@brupop/process';
import type { Caches } from './caches.ts';

/** What {@link taintNodes} needs. */
export interface TaintNodesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly caches: Caches;
}

const LOOK_EVERY_MS = 20_000;

/**
 * Keeps the operator's own servers, which may run on cordoned nodes, away from those that somebody else has cordoned: whoever drains a node until it is
 * empty would never end if they came back. Taints such a node as soon as it is cordoned, and frees it when it no longer is; all of them when no
 * node is left to be updated, which is how a removal begins. Resolves when `signal` aborts.
 */
export async function taintNodes({ client, clock, random, log, caches }: TaintNodesDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const woken = new AbortController();
    caches.onTaintDue(() => {
      woken.abort();
    });
    for (const { name, wanted } of caches.taintsDue()) {
      await taintNode({ client, clock, nodeName: name, known: caches.node(name), signal }, wanted).then(
        ({ changed }) => {
          if (changed) log.debug(wanted ? 'Tainting a cordoned node' : 'Taking the taint of cordoned nodes away', { node: name });
        },
        (error: unknown) => {
          // Gone in the meantime is as good.
          if (!isKubeStatus(error, 404))
            log.warn('Tainting a node failed and will be tried again', { node: name, reason: describeError(error) });
        },
      );
    }
    await sleep(clock, LOOK_EVERY_MS * (0.75 + random() / 2), AbortSignal.any([signal, woken.signal])).catch(() => undefined);
  }
}
