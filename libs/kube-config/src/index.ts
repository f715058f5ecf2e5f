export { loadKube } from './load-kube.ts';
export type { ClusterConfig, KubeAccess } from './load-kube.ts';
