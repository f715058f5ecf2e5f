import type { Clock } from '@brupop/ports';
import { KeyedQueue } from './keyed-queue.ts';
import type { AttachmentObject, PodObject } from './objects.ts';
import { isFinished } from './objects.ts';
import type { PodIndex } from './pod-index.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';

/** Options of an {@link AttachDetachController}. */
export interface AttachDetachOptions {
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly pods: PodIndex;
  readonly timings: ClusterTimings;
  readonly log: (type: string, subject: string, message: string) => void;
}

/**
 * Attaches the volumes that the pods of a node claim, and detaches them some time after the last such pod is gone: kube-controller-manager
 * and a CSI driver in one. Only volumes that are named by their claim's `volumeName` count.
 */
export class AttachDetachController {
  /** Whether the driver fails to detach volumes. */
  isStuck = false;
  readonly #options: AttachDetachOptions;
  readonly #queue: KeyedQueue;
  readonly #detaching = new Map<string, () => void>();

  constructor(options: AttachDetachOptions) {
    this.#options = options;
    const { clock, store, timings } = options;
    this.#queue = new KeyedQueue(clock, timings.controllerMs, (nodeName) => {
      this.#sync(nodeName);
    });
    store.observe('Pod', ({ before, after }) => {
      const { spec } = after ?? before;
      if (spec.nodeName !== undefined && claimNames(after ?? before).length > 0) this.#queue.add(spec.nodeName);
    });
  }

  stop(): void {
    this.#queue.stop();
    for (const cancel of this.#detaching.values()) cancel();
  }

  #sync(nodeName: string): void {
    const { clock, store, timings, log } = this.#options;
    const wanted = this.#wanted(nodeName);
    const attached = new Map(this.#attached(nodeName).map((attachment) => [volumeOf(attachment), attachment.metadata.name]));
    for (const volume of wanted) {
      if (attached.has(volume)) continue;
      store.create({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'VolumeAttachment',
        metadata: { name: `csi-${volume}-${nodeName}` },
        spec: { attacher: 'csi.example.com', nodeName, source: { persistentVolumeName: volume } },
        status: { attached: true },
      });
      log('volume-attached', volume, nodeName);
    }
    for (const [volume, name] of attached) {
      if (wanted.has(volume) || this.#detaching.has(name)) continue;
      this.#detaching.set(
        name,
        clock.setTimer(timings.detachMs, () => {
          this.#detaching.delete(name);
          this.#detach(nodeName, volume, name);
        }),
      );
    }
  }

  #detach(nodeName: string, volume: string, name: string): void {
    const { store, log } = this.#options;
    if (this.#wanted(nodeName).has(volume)) return;
    // Retried, as the driver would.
    if (this.isStuck) {
      this.#queue.add(nodeName);
      return;
    }
    store.delete('VolumeAttachment', { name });
    log('volume-detached', volume, nodeName);
  }

  #wanted(nodeName: string): ReadonlySet<string> {
    const { store, pods } = this.#options;
    const volumes = pods
      .onNode(nodeName)
      .filter((pod) => !isFinished(pod))
      .flatMap((pod) =>
        claimNames(pod).map(
          (name) => store.get('PersistentVolumeClaim', { namespace: pod.metadata.namespace ?? '', name })?.spec.volumeName,
        ),
      );
    return new Set(volumes.filter((volume) => volume !== undefined));
  }

  #attached(nodeName: string): readonly AttachmentObject[] {
    return this.#options.store.list('VolumeAttachment').filter(({ spec }) => spec.nodeName === nodeName);
  }
}

function claimNames({ spec }: PodObject): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName],
  );
}

function volumeOf({ spec }: AttachmentObject): string {
  return spec.source.persistentVolumeName ?? '';
}
