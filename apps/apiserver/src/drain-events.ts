import { namesOf, podKey, type DrainPod, type DrainResult } from '@brupop/drain';
import type { EventRecorder, Regarding } from '@brupop/kube-runtime';

/** Records Events about what users may not expect of a drain. */
export interface DrainEvents {
  /** Call before pods are evicted that no controller recreates. */
  bare(node: Regarding, pods: readonly DrainPod[]): void;
  /** Call after each drain step. */
  drained(node: Regarding, result: DrainResult): void;
}

// Pods that get an Event of their own. The Event of the Node names as many, and counts the rest.
const MOST_PODS = 10;

/** Records the Events with `events`. */
export function createDrainEvents(events: Pick<EventRecorder, 'record'>): DrainEvents {
  return {
    bare(node, pods) {
      if (pods.length === 0) return;
      const message = `Evicting ${namesOf(pods.map((pod) => ({ pod: podKey(pod) })))}: no controller recreates these pods`;
      events.record({ regarding: node, type: 'Warning', reason: 'BarePodEvicted', message, action: 'Draining' });
      for (const { metadata } of pods.slice(0, MOST_PODS)) {
        const { name, namespace = 'default', uid = '' } = metadata;
        events.record({
          regarding: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
          type: 'Warning',
          reason: 'BarePodEvicted',
          message: `Evicted because node ${node.name} is being drained for an update. No controller recreates this pod`,
          action: 'Draining',
        });
      }
    },
    drained(node, result) {
      if (result.kind !== 'done') return;
      const { left, attached } = result;
      if (left !== undefined) {
        const message = `Pods left on the drained node, because they were recreated there despite the cordon: ${namesOf(left)}`;
        events.record({ regarding: node, type: 'Warning', reason: 'PodsLeft', message, action: 'Draining' });
      }
      if (attached !== undefined) {
        const message = `Rebooting although volumes are still attached: ${attached.slice(0, MOST_PODS).join(', ')}`;
        events.record({ regarding: node, type: 'Warning', reason: 'VolumesAttached', message, action: 'Draining' });
      }
    },
  };
}
