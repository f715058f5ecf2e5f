/** The part of an EndpointSlice that a proxy looks at. */
export interface EndpointSlice {
  readonly metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?:
    readonly { readonly conditions?: { readonly ready?: boolean }; readonly targetRef?: { readonly uid?: string } }[] | null;
}

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** Uids of the pods that a Service's connections may go to: of those that are ready, or do not say. */
export function readyPods(slices: readonly EndpointSlice[], namespace: string, service: string): string[] {
  return slices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ targetRef }) => (targetRef?.uid === undefined ? [] : [targetRef.uid]));
}
