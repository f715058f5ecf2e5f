import type { Core } from './core.ts';
import { timestamp } from './core.ts';
import type { DeleteOptions } from './object-writes.ts';
import type { ResourceType } from './resources.ts';
import { conflict } from '../http/status.ts';
import { valueAt } from '../types.ts';
import type { KubeObject } from '../types.ts';

/** Result of a deletion: the object is gone, or it is terminating. */
export interface Deletion {
  readonly gone: boolean;
  readonly object: KubeObject;
}

function graceSeconds(type: ResourceType, object: KubeObject, options: DeleteOptions): number {
  if (type.storage !== 'pods') return 0;
  const phase = valueAt(object, 'status.phase');
  const nodeName = valueAt(object, 'spec.nodeName');
  // Such a pod has no kubelet to wait for.
  if (nodeName === undefined || nodeName === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = valueAt(object, 'spec.terminationGracePeriodSeconds');
  return Math.max(0, options.gracePeriodSeconds ?? (typeof own === 'number' ? own : 30));
}

function checkPreconditions(type: ResourceType, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(type, metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      type,
      metadata.name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
  }
}

const propagationFinalizer = (policy: string | undefined): string[] =>
  policy === 'Foreground' ? ['foregroundDeletion'] : policy === 'Orphan' ? ['orphan'] : [];

/**
 * Deletes an object. One with finalizers, or a pod with a grace period, is only set to terminating.
 * @throws StatusError 409 if a precondition fails
 */
export function deleteObject(core: Core, type: ResourceType, object: KubeObject, options: DeleteOptions): Deletion {
  checkPreconditions(type, object, options);
  const grace = graceSeconds(type, object, options);
  const { metadata } = object;
  const finalizers = [...new Set([...(metadata.finalizers ?? []), ...propagationFinalizer(options.propagationPolicy)])];
  const waits = finalizers.length > 0 || grace > 0 || type.storage === 'namespaces';
  const dryRun = options.dryRun === true;
  if (!waits) return { gone: true, object: dryRun ? object : core.store.remove(type.storage, object) };
  // A later deletion may only shorten the remaining time.
  const shortens = metadata.deletionTimestamp === undefined || grace < (metadata.deletionGracePeriodSeconds ?? 0);
  if (!shortens && finalizers.length === (metadata.finalizers ?? []).length) return { gone: false, object };
  const next: KubeObject = {
    ...object,
    metadata: {
      ...metadata,
      ...(metadata.generation !== undefined && metadata.deletionTimestamp === undefined && { generation: metadata.generation + 1 }),
      ...(finalizers.length > 0 && { finalizers }),
      deletionTimestamp: timestamp(core.clock, grace * 1000),
      deletionGracePeriodSeconds: grace,
    },
    ...(type.storage === 'namespaces' && { status: { phase: 'Terminating' } }),
  };
  return { gone: false, object: dryRun ? next : core.store.put(type.storage, next) };
}
