import { APISERVER_DEPLOYMENT, CONTROLLER_COMPONENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { componentLabels, selectorLabels, type KubernetesObject } from './objects.ts';

/** The monitors of the Prometheus Operator. */
export interface MonitorOptions {
  /** Default `brupop-bottlerocket-aws`. */
  readonly namespace?: string;
  /** Default `30s`. */
  readonly interval?: string;
  /** Labels by which a Prometheus selects its monitors. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** ServiceMonitor `brupop-controller`, for the Prometheus Operator. */
export function controllerServiceMonitor(options: MonitorOptions = {}): KubernetesObject {
  return monitor('ServiceMonitor', CONTROLLER_COMPONENT, 'controller', 'endpoints', 'main', options);
}

/** PodMonitor `brupop-apiserver`: each replica counts its own requests, so each is scraped. */
export function apiserverPodMonitor(options: MonitorOptions = {}): KubernetesObject {
  return monitor('PodMonitor', APISERVER_DEPLOYMENT, 'apiserver', 'podMetricsEndpoints', 'metrics', options);
}

function monitor(
  kind: string,
  name: string,
  component: 'apiserver' | 'controller',
  endpoints: string,
  port: string,
  { namespace = DEFAULT_NAMESPACE, interval = '30s', labels }: MonitorOptions,
): KubernetesObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind,
    metadata: { name, namespace, labels: { ...labels, ...componentLabels(component) } },
    spec: {
      [endpoints]: [{ port, interval }],
      namespaceSelector: { matchNames: [namespace] },
      selector: { matchLabels: selectorLabels(component) },
    },
  };
}
