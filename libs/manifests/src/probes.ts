import type { KubernetesValue } from './objects.ts';

/** Where a process answers about itself. */
export interface HealthEndpoint {
  readonly path: string;
  readonly port: number;
  readonly scheme?: 'HTTPS';
}

/** Asked all along. Three answers in a row must fail to come within 5 s, so that a machine that is merely busy restarts nothing. */
export function probe(httpGet: HealthEndpoint): KubernetesValue {
  return { httpGet: { ...httpGet }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 };
}

/** Asked until the process has started: at once when it has, and for two minutes, which Node.js can take under a CPU limit of 10m. */
export function startupProbe(httpGet: HealthEndpoint): KubernetesValue {
  return { httpGet: { ...httpGet }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 };
}
