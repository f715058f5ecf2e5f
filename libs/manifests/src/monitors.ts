import { APISERVER_DEPLOYMENT, COMPONENT_LABEL, CONTROLLER_COMPONENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
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

const API_VERSION = 'monitoring.coreos.com/v1';
const INTERVAL = '30s';

/** ServiceMonitor `brupop-controller`, for the Prometheus Operator. */
export function controllerServiceMonitor({
  namespace = DEFAULT_NAMESPACE,
  interval = INTERVAL,
  labels,
}: MonitorOptions = {}): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceMonitor',
    metadata: { name: CONTROLLER_COMPONENT, namespace, labels: { ...labels, ...componentLabels('controller') } },
    spec: {
      endpoints: [{ port: 'main', interval }],
      namespaceSelector: { matchNames: [namespace] },
      selector: { matchLabels: { [COMPONENT_LABEL]: CONTROLLER_COMPONENT } },
    },
  };
}

/** PodMonitor `brupop-apiserver`: each replica counts what it answered itself, so each is asked. */
export function apiserverPodMonitor({ namespace = DEFAULT_NAMESPACE, interval = INTERVAL, labels }: MonitorOptions = {}): KubernetesObject {
  return {
    apiVersion: API_VERSION,
    kind: 'PodMonitor',
    metadata: { name: APISERVER_DEPLOYMENT, namespace, labels: { ...labels, ...componentLabels('apiserver') } },
    spec: {
      podMetricsEndpoints: [{ port: 'metrics', interval }],
      namespaceSelector: { matchNames: [namespace] },
      selector: { matchLabels: selectorLabels('apiserver') },
    },
  };
}
