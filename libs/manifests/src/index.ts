export { installObjects } from './install.ts';
export { METRICS_PORT } from './options.ts';
export type { Component, InstallOptions, MetricsPorts, Placement, Resources } from './options.ts';
export { apiserverPodMonitor, controllerServiceMonitor } from './monitors.ts';
export type { MonitorOptions } from './monitors.ts';
export { NODE_FLAGS, PROCESS_ENVIRONMENT } from './node-flags.ts';
export type { KubernetesObject, KubernetesValue } from './objects.ts';
export { SERVER_TOLERATIONS } from './pods.ts';
export {
  AGENT_PERMISSIONS,
  APISERVER_PERMISSIONS,
  AUTH_DELEGATOR_ROLE,
  CERTIFICATE_PERMISSIONS,
  CONTROLLER_PERMISSIONS,
  SERVICE_ACCOUNTS,
} from './rbac.ts';
export type { Permissions, PolicyRule } from './rbac.ts';
export { CONTROLLER_PRIORITY_CLASS } from './workloads.ts';
