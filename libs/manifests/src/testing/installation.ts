import type { InstallOptions } from '../options.ts';
import { installObjects } from '../install.ts';
import type { KubernetesObject } from '../objects.ts';

/** The objects of an installation of no choice but these. */
export const install = (options: Partial<InstallOptions> = {}): KubernetesObject[] => installObjects({ image: 'brupop:1', ...options });

/** @throws Error if there is none */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The pod spec of a workload, and its container, as plain fields. */
export function podOf(
  options: Partial<InstallOptions>,
  kind: string,
  name: string,
): { pod: Record<string, unknown>; container: Record<string, unknown> } {
  const { spec } = find(install(options), kind, name) as unknown as {
    spec: { template: { spec: Record<string, unknown> & { containers: [Record<string, unknown>] } } };
  };
  const pod = spec.template.spec;
  return { pod, container: pod.containers[0] };
}

/** The workload of each component. */
export const WORKLOADS = [
  { component: 'agent', kind: 'DaemonSet', name: 'brupop-agent' },
  { component: 'apiserver', kind: 'Deployment', name: 'brupop-apiserver' },
  { component: 'controller', kind: 'Deployment', name: 'brupop-controller-deployment' },
] as const;
