/** A Deployment whose pods run on one node only, and wait for it after a drain. @param name of the node, and of the workload */
export function pinnedWorkload(name: string, replicas: number): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { nodeSelector: { 'kubernetes.io/hostname': name }, containers: [{ name: 'web', image: 'registry.example.com/web:1.0.0' }] },
      },
    },
  };
}
