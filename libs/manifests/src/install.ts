import { bottlerocketShadowCrd } from '@brupop/crd-models';
import { admissionPolicies } from './admission-policies.ts';
import { certManagerObjects } from './certificates.ts';
import type { KubernetesObject } from './objects.ts';
import { withKnownFormats } from './known-formats.ts';
import { networkPolicies } from './network-policies.ts';
import { installationOf, type InstallOptions } from './options.ts';
import {
  AGENT_PERMISSIONS,
  APISERVER_PERMISSIONS,
  CERTIFICATE_PERMISSIONS,
  CONTROLLER_PERMISSIONS,
  FORCE_PERMISSION,
  clusterRole,
  clusterRoleBinding,
  emptyAuthDelegatorBinding,
  namespaceRole,
  serviceAccount,
} from './rbac.ts';
import {
  agentDaemonSet,
  apiserverDeployment,
  apiserverDisruptionBudget,
  apiserverService,
  CONTROLLER_PRIORITY_CLASS,
  controllerDeployment,
  controllerService,
} from './workloads.ts';

/** Every object of an installation, in the order in which they are applied. */
export function installObjects(options: InstallOptions): KubernetesObject[] {
  const installation = installationOf(options);
  const {
    namespace,
    apiserverServicePort: servicePort,
    caBundle,
    certificates,
    networkPolicy,
    mayDeletePods,
    admissionPolicy,
  } = installation;
  const controller =
    certificates === 'operator'
      ? {
          cluster: [...CONTROLLER_PERMISSIONS.cluster, ...CERTIFICATE_PERMISSIONS.cluster],
          namespace: [...CONTROLLER_PERMISSIONS.namespace, ...CERTIFICATE_PERMISSIONS.namespace],
        }
      : CONTROLLER_PERMISSIONS;
  const apiserver = mayDeletePods
    ? { ...APISERVER_PERMISSIONS, cluster: [...APISERVER_PERMISSIONS.cluster, FORCE_PERMISSION] }
    : APISERVER_PERMISSIONS;
  const injected = certificates === 'cert-manager' && caBundle === undefined;
  return [
    // Agents mount a socket of their host, which only the privileged level of Pod Security allows.
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    },
    withKnownFormats({ ...bottlerocketShadowCrd({ namespace, servicePort, injected, ...(caBundle === undefined ? {} : { caBundle }) }) }),
    {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: CONTROLLER_PRIORITY_CLASS },
      value: 1_000_000,
      preemptionPolicy: 'Never',
    },
    serviceAccount('agent', namespace),
    serviceAccount('apiserver', namespace),
    serviceAccount('controller', namespace),
    clusterRole('agent', AGENT_PERMISSIONS),
    clusterRole('apiserver', apiserver),
    clusterRole('controller', controller),
    clusterRoleBinding('agent', namespace),
    emptyAuthDelegatorBinding(),
    clusterRoleBinding('apiserver', namespace),
    clusterRoleBinding('controller', namespace),
    ...namespaceRole('apiserver', namespace, apiserver),
    ...namespaceRole('controller', namespace, controller),
    apiserverService(installation),
    controllerService(installation),
    agentDaemonSet(installation),
    apiserverDeployment(installation),
    apiserverDisruptionBudget(installation),
    controllerDeployment(installation),
    ...(networkPolicy ? networkPolicies(installation) : []),
    ...(admissionPolicy ? admissionPolicies(namespace) : []),
    ...(certificates === 'cert-manager' ? certManagerObjects(installation) : []),
  ];
}
