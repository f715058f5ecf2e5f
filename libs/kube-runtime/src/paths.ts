const CORE = '/api/v1';
const segment = encodeURIComponent;
const within = (base: string, namespace: string | undefined, plural: string): string =>
  namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${segment(namespace)}/${plural}`;

/** Paths of resources of Kubernetes. A collection without a namespace spans all namespaces. */
export const paths: {
  nodes(): string;
  node(name: string): string;
  pods(namespace?: string): string;
  pod(namespace: string, name: string): string;
  eviction(namespace: string, podName: string): string;
  leases(namespace: string): string;
  lease(namespace: string, name: string): string;
  events(namespace: string): string;
  event(namespace: string, name: string): string;
  persistentVolumeClaim(namespace: string, name: string): string;
  volumeAttachments(): string;
  tokenReviews(): string;
} = {
  nodes: () => `${CORE}/nodes`,
  node: (name) => `${CORE}/nodes/${segment(name)}`,
  pods: (namespace) => within(CORE, namespace, 'pods'),
  pod: (namespace, name) => `${within(CORE, namespace, 'pods')}/${segment(name)}`,
  eviction: (namespace, podName) => `${within(CORE, namespace, 'pods')}/${segment(podName)}/eviction`,
  leases: (namespace) => within('/apis/coordination.k8s.io/v1', namespace, 'leases'),
  lease: (namespace, name) => `${paths.leases(namespace)}/${segment(name)}`,
  events: (namespace) => within('/apis/events.k8s.io/v1', namespace, 'events'),
  event: (namespace, name) => `${paths.events(namespace)}/${segment(name)}`,
  persistentVolumeClaim: (namespace, name) => `${within(CORE, namespace, 'persistentvolumeclaims')}/${segment(name)}`,
  volumeAttachments: () => '/apis/storage.k8s.io/v1/volumeattachments',
  tokenReviews: () => '/apis/authentication.k8s.io/v1/tokenreviews',
};
