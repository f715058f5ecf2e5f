import type { KubeNode } from './objects.ts';

/** The label of Kubernetes that excludes a Node from external load balancers, whatever its value. */
export const EXCLUDE_FROM_LB_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Whether the Node is cordoned. */
export function isCordoned({ spec }: Pick<KubeNode, 'spec'>): boolean {
  return spec?.unschedulable === true;
}

/** Whether the Node is excluded from external load balancers. */
export function isExcludedFromLoadBalancers({ metadata }: { readonly metadata: Pick<KubeNode['metadata'], 'labels'> }): boolean {
  return metadata.labels?.[EXCLUDE_FROM_LB_LABEL] !== undefined;
}
