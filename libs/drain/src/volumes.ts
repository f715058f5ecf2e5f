import type { PersistentVolumeClaim, VolumeAttachment } from '@brupop/kube-objects';
import { isKubeStatus, listAll, paths, watchCollection, type KubeClient } from '@brupop/kube-runtime';
import { withDeadline, type Clock } from '@brupop/ports';
import type { Claim } from './pod.ts';

/** What {@link awaitDetached} needs. */
export interface DetachOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Claims of the pods that stay on the node; their volumes stay attached. */
  readonly keep: readonly Claim[];
  /** How long to wait at most. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Ends the wait early. */
  readonly stop?: AbortSignal;
}

/**
 * Waits until the volumes of evicted pods are detached from the node. A volume is detached when its VolumeAttachment is deleted:
 * `status.attached: false` can also mean that it is being attached. No selector selects by node, so this lists the whole collection, keeps
 * the attachments of the node only, and watches.
 * @returns names of the volumes that are still attached; empty when all are detached
 * @throws as a request, when the VolumeAttachments cannot be listed, and the reason of `signal`
 */
export async function awaitDetached(options: DetachOptions): Promise<readonly string[]> {
  const { client, clock, nodeName, keep, signal } = options;
  const attached = new Map<string, string>();
  const resourceVersion = await listAll({
    client,
    clock,
    path: paths.volumeAttachments(),
    signal,
    onItem: (item) => {
      const { metadata, spec } = item as VolumeAttachment;
      if (spec?.nodeName === nodeName) attached.set(metadata.name, spec.source?.persistentVolumeName ?? metadata.name);
    },
    onRestart: () => {
      attached.clear();
    },
  });
  if (attached.size > 0 && keep.length > 0) {
    const kept = await volumesOf(client, keep, signal);
    for (const [name, volume] of attached) if (kept.has(volume)) attached.delete(name);
  }
  if (attached.size > 0) await followDetaching(options, attached, resourceVersion);
  return [...attached.values()].toSorted();
}

/** Removes detached volumes from `attached`, until none is left or the time is over. */
async function followDetaching(
  { client, clock, waitMs, signal, stop }: DetachOptions,
  attached: Map<string, string>,
  resourceVersion: string,
): Promise<void> {
  const deadline = withDeadline(
    clock,
    stop === undefined ? signal : AbortSignal.any([signal, stop]),
    waitMs,
    () => new Error('the wait is over'),
  );
  const timeoutSeconds = Math.ceil(waitMs / 1_000) + 5;
  try {
    const path = paths.volumeAttachments();
    for await (const { type, object } of watchCollection({
      client,
      clock,
      path,
      resourceVersion,
      timeoutSeconds,
      signal: deadline.signal,
    })) {
      if (type === 'DELETED') attached.delete((object as VolumeAttachment).metadata.name);
      if (attached.size === 0) return;
    }
  } catch {
    signal.throwIfAborted();
    // The next step lists again.
  } finally {
    deadline.dispose();
  }
}

/** The names of the PersistentVolumes that are bound to these claims; undefined for a claim that cannot be read. */
async function volumesOf(client: KubeClient, claims: readonly Claim[], signal: AbortSignal): Promise<ReadonlySet<string | undefined>> {
  const volumeOf = async ({ namespace, name }: Claim): Promise<string | undefined> => {
    const claim = await client
      .request<PersistentVolumeClaim>('GET', paths.persistentVolumeClaim(namespace, name), { signal })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        if (isKubeStatus(error, 403, 404)) return undefined;
        throw error;
      });
    return claim?.spec?.volumeName;
  };
  return new Set(await Promise.all(claims.slice(0, MAX_CLAIMS).map(volumeOf)));
}

// More volumes than a node can have, on most clouds.
const MAX_CLAIMS = 64;

const MAX_NAMED = 5;

/** Such as `volume pvc-1` or `7 volumes (pvc-1, …)`. */
export function describeVolumes(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length === 1) return `volume ${first}`;
  const named = names.slice(0, MAX_NAMED).join(', ');
  return `${String(names.length)} volumes (${named}${names.length > MAX_NAMED ? ', …' : ''})`;
}
