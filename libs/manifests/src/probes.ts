import type { KubernetesValue } from './objects.ts';

/** Where a process answers about itself. */
export interface HealthEndpoint {
  readonly path: string;
  readonly port: number;
  readonly scheme?: 'HTTPS';
}

/** Probed continuously. Three consecutive responses must take longer than 5 s, so that a busy machine restarts nothing. */
export function probe(httpGet: HealthEndpoint): KubernetesValue {
  return { httpGet: { ...httpGet }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 };
}

/** Probes until the process has started, for up to two minutes, which Node.js can take under a CPU limit of 10m. */
export function startupProbe(httpGet: HealthEndpoint): KubernetesValue {
  return { httpGet: { ...httpGet }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 };
}
