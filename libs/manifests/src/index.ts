export { installObjects } from './install.ts';
export { METRICS_PORT } from './options.ts';
export type { InstallOptions } from './options.ts';
export { apiserverPodMonitor, controllerServiceMonitor } from './monitors.ts';
export { NODE_FLAGS, PROCESS_ENVIRONMENT } from './node-flags.ts';
export type { Component, KubernetesObject, KubernetesValue } from './objects.ts';
export { SERVER_TOLERATIONS } from './pods.ts';
export { AGENT_PERMISSIONS, APISERVER_PERMISSIONS, CONTROLLER_PERMISSIONS, SERVICE_ACCOUNTS } from './rbac.ts';
