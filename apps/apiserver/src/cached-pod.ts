import type { KubePod } from '@brupop/kube-objects';
import { AGENT_COMPONENT, COMPONENT_LABEL, soundPod } from '@brupop/crd-models';

/** What the cache keeps of a Pod of the operator. */
export interface CachedPod {
  readonly isAgent: boolean;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly resourceVersion?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

/** Reduces a Pod to what the cache keeps. */
export function transformPod(raw: KubePod): CachedPod {
  const { metadata, spec, status } = soundPod(raw).object;
  const { name, namespace = '', uid = '', resourceVersion, labels } = metadata;
  return {
    isAgent: labels?.[COMPONENT_LABEL] === AGENT_COMPONENT,
    metadata: { name, namespace, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName },
    status: status?.phase === undefined ? {} : { phase: status.phase },
  };
}
