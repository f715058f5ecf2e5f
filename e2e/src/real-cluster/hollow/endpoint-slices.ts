import type { Endpoint } from '@brupop/simulator';

/** The part of an EndpointSlice that a proxy looks at. */
export interface EndpointSlice {
  readonly metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly ports?: readonly { readonly port?: number }[] | null;
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
}

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** Where a Service's connections may go: to what is ready, or does not say. */
export function readyEndpoints(slices: readonly EndpointSlice[], namespace: string, service: string): Endpoint[] {
  return slices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service)
    .flatMap(({ ports, endpoints }) => {
      const port = ports?.[0]?.port;
      if (port === undefined) return [];
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return ready.flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })));
    });
}
