import { awaitDetached, type Claim } from '@brupop/drain';
import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';
import { describeError, sleep, type Clock, type Logger } from '@brupop/ports';

/** The options of one wait for the volumes of a drained node. */
export interface VolumeWaitOptions {
  readonly nodeName: string;
  /** Claims of the pods that stay on the node. */
  readonly keep: readonly Claim[];
  /** The time until the drain times out. */
  readonly leftMs: number;
  readonly signal: AbortSignal;
  /** Ends this wait early; another may follow. */
  readonly stop: AbortSignal;
}

/** The result of a wait. */
export interface VolumeWait {
  /** Names of the volumes that are still attached. */
  readonly attached: readonly string[];
  /** How much longer to wait for them; 0 if not at all. */
  readonly leftMs: number;
}

/** Waits for the volumes of evicted pods to be detached. */
export interface VolumeWaits {
  /** Waits for some seconds, as a part of the whole. @throws the reason of `signal` */
  wait(options: VolumeWaitOptions): Promise<VolumeWait>;
  /** Discards the wait of an earlier drain of the node. */
  begin(nodeName: string): void;
}

/**
 * How long a drained node waits for its volumes. Most drivers detach within half a minute, slow ones within two. A volume that takes longer
 * is blocked by something that the reboot may resolve. Kubernetes itself detaches by force after six minutes, and only from a node that is
 * not Ready.
 */
export const DETACH_PATIENCE_MS: number = 2 * 60_000;
const PART_MS = 8_000;
// Bounded, because nodes come and go for years.
const MOST_NODES = 1_000;

/**
 * Only this replica knows since when it waits for a node. Another replica, or this one after a restart, starts a new wait; the drain
 * timeout, which counts from the ownership annotation on the Node, limits them all.
 */
export function createVolumeWaits({
  client,
  clock,
  log,
}: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}): VolumeWaits {
  const waits = new Map<string, Wait>();
  const waitOf = (nodeName: string): Wait => {
    const wait = waits.get(nodeName) ?? { endMs: clock.monotonic() + DETACH_PATIENCE_MS, attached: [] };
    waits.set(nodeName, wait);
    const [oldest] = waits.keys();
    if (waits.size > MOST_NODES && oldest !== undefined) waits.delete(oldest);
    return wait;
  };
  return {
    begin: (nodeName) => {
      waits.delete(nodeName);
    },
    async wait({ nodeName, keep, leftMs, signal, stop }) {
      const wait = waitOf(nodeName);
      const untilMs = Math.min(wait.endMs, clock.monotonic() + leftMs);
      const left = (): number => Math.max(0, untilMs - clock.monotonic());
      if (left() === 0) return { attached: wait.attached, leftMs: 0 };
      try {
        wait.attached = await awaitDetached({ client, clock, nodeName, keep, waitMs: Math.min(PART_MS, left()), signal, stop });
        return { attached: wait.attached, leftMs: left() };
      } catch (error) {
        signal.throwIfAborted();
        const isForbidden = isKubeStatus(error, 403, 404);
        log.warn('Failed to list the volume attachments of a node', {
          node: nodeName,
          reason: describeError(error),
          willRetry: !isForbidden,
        });
        // Without the permission or the API, a retry is useless.
        if (isForbidden) return { attached: [], leftMs: 0 };
        await sleep(clock, Math.min(PART_MS, left()), AbortSignal.any([signal, stop])).catch(() => undefined);
        signal.throwIfAborted();
        wait.attached = [UNKNOWN];
        return { attached: wait.attached, leftMs: left() };
      }
    },
  };
}

/** The wait for one node. */
interface Wait {
  /** Monotonic time. */
  readonly endMs: number;
  /** The volumes that were attached at the last check. */
  attached: readonly string[];
}

/** Stands for volumes that could not be listed. */
const UNKNOWN = 'unknown: VolumeAttachments cannot be listed';
