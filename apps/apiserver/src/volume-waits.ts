import { awaitDetached, type Claim } from '@brupop/drain';
import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';
import { sleep, type Clock } from '@brupop/ports';
import { describeError, type Logger } from '@brupop/process';

/** What one wait for the volumes of a drained node is given. */
export interface VolumeWaitOptions {
  readonly nodeName: string;
  /** Claims of the pods that stay. */
  readonly keep: readonly Claim[];
  /** How long the drain may still last. */
  readonly leftMs: number;
  readonly signal: AbortSignal;
  /** Ends this wait early; another may follow. */
  readonly stop: AbortSignal;
}

/** What a wait has come to. */
export interface VolumeWait {
  /** Names of the volumes that are attached still. */
  readonly attached: readonly string[];
  /** How long they are waited for yet; 0 if no more. */
  readonly leftMs: number;
}

/** Waits for the volumes of evicted pods to be detached. */
export interface VolumeWaits {
  /** Takes a part of the wait, some seconds long. @throws the reason of `signal` */
  wait(options: VolumeWaitOptions): Promise<VolumeWait>;
  /** Forgets what was waited for in an earlier drain of the node. */
  begin(nodeName: string): void;
}

/**
 * How long a drained node waits for its volumes. Most drivers detach within half a minute, slow ones take one or two. What is not detached by then is held up by
 * something that the reboot may well mend; Kubernetes itself detaches by force after six minutes, and only from a node that is not Ready.
 */
export const DETACH_PATIENCE_MS: number = 2 * 60_000;
const PART_MS = 8_000;
// Nodes come and go for years.
const MOST_NODES = 1_000;

/**
 * Since when a node has been waited for is known to this replica alone. Another one that takes over, or this one after a restart, waits anew; the drain timeout, which counts
 * from the mark on the Node, ends all of that.
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
        // Without the permission, or the API, nothing will ever be known.
        if (isForbidden) return { attached: [], leftMs: 0 };
        await sleep(clock, Math.min(PART_MS, left()), AbortSignal.any([signal, stop])).catch(() => undefined);
        signal.throwIfAborted();
        wait.attached = [UNKNOWN];
        return { attached: wait.attached, leftMs: left() };
      }
    },
  };
}

/** Of one node. */
interface Wait {
  /** Monotonic time. */
  readonly endMs: number;
  /** What was attached at the last look. */
  attached: readonly string[];
}

/** Stands for the volumes that could not be listed. */
const UNKNOWN = 'unknown: VolumeAttachments cannot be listed';
