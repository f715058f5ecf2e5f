import { AGENT_DAEMON_SET, APISERVER_DEPLOYMENT, CONTROLLER_DEPLOYMENT } from '@brupop/crd-models';
import { componentLabels, selectorLabels, type Component, type KubernetesObject, type KubernetesValue } from './objects.ts';
import type { Installation } from './options.ts';

const DNS: KubernetesValue = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/**
 * Ingress to the operator's pods, restricted by port only: kube-apiserver (which calls the conversion webhook), nodes (whose kubelets
 * probe) and Prometheus have addresses that are not known in advance. Only the kubelet of its node may connect to an agent, which no policy
 * can forbid, and an agent may only connect to the apiserver and DNS. The others call the Kubernetes API, wherever that is, so what they
 * may call is not restricted.
 */
export function networkPolicies(installation: Installation): readonly KubernetesObject[] {
  const { apiserverInternalPort, apiserverServicePort, metricsPorts } = installation;
  const ports = (...numbers: readonly number[]): KubernetesValue => ({ ports: numbers.map((port) => ({ protocol: 'TCP', port })) });
  // Some networks look at the Service's port, before it is translated, and some at the pod's.
  const apiserver = {
    to: [{ podSelector: { matchLabels: selectorLabels('apiserver') } }],
    ports: [apiserverInternalPort, apiserverServicePort].map((port) => ({ protocol: 'TCP', port })),
  };
  return [
    policy(AGENT_DAEMON_SET, 'agent', installation, { policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [apiserver, DNS] }),
    policy(APISERVER_DEPLOYMENT, 'apiserver', installation, {
      policyTypes: ['Ingress'],
      ingress: [ports(apiserverInternalPort, metricsPorts.apiserver)],
    }),
    policy(CONTROLLER_DEPLOYMENT, 'controller', installation, { policyTypes: ['Ingress'], ingress: [ports(metricsPorts.controller)] }),
  ];
}

function policy(
  name: string,
  component: Component,
  { namespace }: Installation,
  spec: Readonly<Record<string, KubernetesValue>>,
): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: componentLabels(component) },
    spec: { podSelector: { matchLabels: selectorLabels(component) }, ...spec },
  };
}
