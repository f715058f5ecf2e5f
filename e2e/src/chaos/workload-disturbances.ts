import { DEFAULT_NAMESPACE, GROUP, PLURAL, shadowName } from '@brupop/crd-models';
import { between, busyNodeOf, HOUR, nodeOf, undoLater } from './context.ts';
import type { Disturbance } from './context.ts';
import { STICKY } from './invariants.ts';

let workloads = 0;

/** Disturbances of the pods on the nodes, and of their reports. */
export const WORKLOAD_DISTURBANCES: readonly Disturbance[] = [
  (context) => {
    const node = nodeOf(context);
    const name = `sticky-${String(workloads++)}`;
    const metadata = { labels: { app: name, [STICKY]: 'yes' } };
    const bound = context.random() < 0.5 ? { nodeName: node } : { nodeSelector: { 'kubernetes.io/hostname': node } };
    context.fleet.cluster.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name, namespace: 'default', ...metadata },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: name } },
          template: {
            metadata,
            spec: {
              containers: [{ name, image: 'x' }],
              tolerations: [{ operator: 'Exists' }],
              terminationGracePeriodSeconds: between(context.random, 1, 60),
              ...bound,
            },
          },
        },
      },
    ]);
    return `runs a pod that always comes back to ${node}`;
  },
  // Before an update, during one, or on the new version only, at random.
  (context) => {
    const node = busyNodeOf(context);
    const host = context.fleet.cluster.host(node);
    context.unhealthy.add(host);
    undoLater(context, 2 * HOUR, () => context.unhealthy.delete(host));
    return `makes a pod of a DaemonSet unhealthy on ${node}`;
  },
  (context) => {
    const name = `claimed-${String(workloads++)}`;
    const labels = { app: name };
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
    const template = { metadata: { labels }, spec: { containers: [{ name, image: 'x' }], volumes } };
    const metadata = { name, namespace: 'default' };
    context.fleet.cluster.apply([
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { volumeName: `pv-${name}` } },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    ]);
    return 'runs a pod with a volume';
  },
  (context) => {
    context.fleet.cluster.keepVolumesAttached(true);
    undoLater(context, HOUR, () => {
      context.fleet.cluster.keepVolumesAttached(false);
    });
    return 'keeps volumes attached';
  },
  // A report with the stolen token of an agent, within the limits of the apiserver.
  (context) => {
    const { fleet, invariants, random } = context;
    const node = busyNodeOf(context);
    if (fleet.shadow(node)?.status == null) return `finds no status of ${node}`;
    invariants.byHand(node, 'other');
    const lies: readonly object[] = [
      { current_version: '0.0.1', target_version: '9.9.9', current_state: 'Idle', crash_count: 0 },
      { current_state: 'ErrorReset', crash_count: 0 },
      { current_state: 'MonitoringUpdate', progress: null },
      { failure_message: 'x'.repeat(1_000), crash_count: 4_294_967_295 },
      { state_transition_failure_timestamp: '2099-01-01T00:00:00Z' },
    ];
    const place = { group: GROUP, resource: PLURAL, namespace: DEFAULT_NAMESPACE, name: shadowName(node) };
    fleet.api.store.patch(place, { status: lies[Math.floor(random() * lies.length)] ?? {} });
    return `lies for the agent of ${node}`;
  },
];
