/** How large the sample workloads are. */
export interface SampleWorkloadOptions {
  readonly namespace?: string;
  /** Pods of the `web` Deployment; 4 by default. */
  readonly webReplicas?: number;
  /** Pods of the `db` StatefulSet; 3 by default. */
  readonly dbReplicas?: number;
}

/**
 * The workloads of an ordinary cluster: a `web` Deployment with a Service and a PodDisruptionBudget (one pod may be missing), a `db`
 * StatefulSet with its own budget, and a `node-exporter` DaemonSet. Pass them to `SimulatedCluster.apply`.
 */
export function sampleWorkloads({ namespace = 'default', webReplicas = 4, dbReplicas = 3 }: SampleWorkloadOptions = {}): object[] {
  return [
    ...(namespace === 'default' ? [] : [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]),
    workload('Deployment', namespace, 'web', { replicas: webReplicas }),
    service(namespace, 'web'),
    disruptionBudget(namespace, 'web'),
    workload('StatefulSet', namespace, 'db', { replicas: dbReplicas, serviceName: 'db' }),
    service(namespace, 'db'),
    disruptionBudget(namespace, 'db'),
    workload('DaemonSet', namespace, 'node-exporter', {}),
  ];
}

function workload(kind: string, namespace: string, name: string, more: object): object {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      ...more,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: `registry.example.com/${name}:1.0.0` }], terminationGracePeriodSeconds: 30 },
      },
    },
  };
}

function service(namespace: string, name: string): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 80 }] } };
}

function disruptionBudget(namespace: string, name: string): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
  };
}
