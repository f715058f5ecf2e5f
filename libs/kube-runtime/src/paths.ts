const CORE = '/api/v1';
const segment = encodeURIComponent;
const within = (base: string, namespace: string | undefined, plural: string): string =>
  namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${segment(namespace)}/${plural}`;

/** Paths of resources of Kubernetes. A collection without a namespace spans all namespaces. */
export const paths = {
  nodes: (): string => `${CORE}/nodes`,
  node: (name: string): string => `${CORE}/nodes/${segment(name)}`,
  pods: (namespace?: string): string => within(CORE, namespace, 'pods'),
  pod: (namespace: string, name: string): string => `${within(CORE, namespace, 'pods')}/${segment(name)}`,
  eviction: (namespace: string, podName: string): string => `${within(CORE, namespace, 'pods')}/${segment(podName)}/eviction`,
  leases: (namespace: string): string => within('/apis/coordination.k8s.io/v1', namespace, 'leases'),
  lease: (namespace: string, name: string): string => `${paths.leases(namespace)}/${segment(name)}`,
  events: (namespace: string): string => within('/apis/events.k8s.io/v1', namespace, 'events'),
  event: (namespace: string, name: string): string => `${paths.events(namespace)}/${segment(name)}`,
  persistentVolumeClaim: (namespace: string, name: string): string =>
    `${within(CORE, namespace, 'persistentvolumeclaims')}/${segment(name)}`,
  volumeAttachments: (): string => '/apis/storage.k8s.io/v1/volumeattachments',
  tokenReviews: (): string => '/apis/authentication.k8s.io/v1/tokenreviews',
};
