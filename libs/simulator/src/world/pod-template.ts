import type { PodSpec, PodTemplate, Toleration, WorkloadObject } from './objects.ts';

/** The pod that a workload controller makes from a template. */
export function podFromTemplate(
  owner: WorkloadObject,
  template: PodTemplate,
  name: string,
  more: { readonly labels?: Readonly<Record<string, string>>; readonly spec?: Partial<PodSpec> } = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.metadata.namespace,
      labels: { ...template.metadata?.labels, ...more.labels },
      annotations: { ...template.metadata?.annotations },
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...template.spec, ...more.spec },
  };
}

/** A controlling owner reference to a workload. */
export function ownerReference({ apiVersion, kind, metadata }: WorkloadObject): object {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

/** A short hash that differs when the template does. */
export function templateHash(template: PodTemplate): string {
  let hash = 0x811c9dc5;
  for (const letter of JSON.stringify(template)) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The tolerations that the DaemonSet controller adds to its pods. */
export const DAEMON_TOLERATIONS: readonly Toleration[] = [
  ...['not-ready', 'unreachable'].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists' })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
];
