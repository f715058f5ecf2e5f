import { AGENT_COMPONENT, COMPONENT_LABEL, soundPod } from '@brupop/crd-models';

/** What the cache keeps of a Pod of the operator. */
export interface CachedPod {
  readonly isAgent: boolean;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly resourceVersion?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

/** The part of a Pod, as the API returns it, that is read here. */
export interface RawPod extends Omit<CachedPod, 'metadata' | 'isAgent'> {
  readonly metadata: CachedPod['metadata'] & { readonly labels?: Readonly<Record<string, string>> };
}

/** What is certain to be present in a Pod of which only the metadata is valid. */
type SoundPod = Omit<RawPod, 'spec' | 'status'> & { readonly spec?: RawPod['spec']; readonly status?: RawPod['status'] };

/** Reduces a Pod to what the cache keeps. */
export function transformPod(raw: RawPod): CachedPod {
  const { metadata, spec, status } = soundPod<SoundPod>(raw).object;
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  return {
    isAgent: labels?.[COMPONENT_LABEL] === AGENT_COMPONENT,
    metadata: { name, namespace, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName },
    status: status?.phase === undefined ? {} : { phase: status.phase },
  };
}
