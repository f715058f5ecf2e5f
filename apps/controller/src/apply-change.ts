import { shadowPath, type BottlerocketShadow } from '@brupop/crd-models';
import { isKubeStatus, MERGE_PATCH, type KubeClient } from '@brupop/kube-runtime';
import { annotationsOf, type FleetChange } from '@brupop/state-machine';

/** The result of a change. `outdated`: the shadow has changed or is gone since the plan. */
export type Applied =
  | { readonly kind: 'written'; readonly shadow: BottlerocketShadow }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'outdated'; readonly message: string };

/**
 * Makes one change, provided that the shadow is unchanged since the plan.
 * @throws `KubeApiError` or the transport's error; the change may have been made nevertheless
 */
export async function applyChange(client: KubeClient, namespace: string, change: FleetChange, signal: AbortSignal): Promise<Applied> {
  const path = shadowPath(namespace, change.shadow);
  const { resourceVersion } = change;
  try {
    if (change.kind === 'delete-shadow') {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: change.uid, resourceVersion } };
      await client.request('DELETE', path, { body, signal });
      return { kind: 'deleted' };
    }
    const annotations = annotationsOf(change);
    const metadata = { resourceVersion, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
    const body = { metadata, spec: change.spec };
    const shadow = await client.request<BottlerocketShadow>('PATCH', path, { body, contentType: MERGE_PATCH, signal });
    return { kind: 'written', shadow };
  } catch (error) {
    if (isKubeStatus(error, 404, 409)) return { kind: 'outdated', message: error.message };
    throw error;
  }
}
