import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { RealCluster } from './cluster/real-cluster.ts';
import type { ClusterContext } from './step.ts';

/** What somebody would look at first after a failure. */
export async function troubles({ kubectl, fleet, cluster }: ClusterContext): Promise<string> {
  const look = (...args: string[]): Promise<string> => kubectl.run(args).catch((error: unknown) => String(error));
  const parts = [
    fleet.describe(),
    await look('get', 'pods', '--all-namespaces', '--output', 'wide'),
    await look('get', 'events', '--namespace', DEFAULT_NAMESPACE, '--sort-by=.lastTimestamp', '--field-selector', 'type=Warning'),
    ...cluster.failures.map((error) => `a node could not be switched: ${String(error)}`),
  ];
  for (const component of ['daemonset/brupop-agent', 'deployment/brupop-apiserver', 'deployment/brupop-controller-deployment']) {
    parts.push(
      `${component}:\n${await look('logs', '--namespace', DEFAULT_NAMESPACE, component, '--tail', '15', '--all-pods', '--prefix')}`,
    );
  }
  return parts.join('\n');
}

/** Copies the logs of the cluster's components to where they stay. @returns where that is */
export async function keepLogs(cluster: RealCluster): Promise<string> {
  const kept = await mkdtemp(join(tmpdir(), 'brupop-e2e-logs-'));
  const folders = ['logs', ...cluster.machines.map(({ name }) => join(name, 'logs'))];
  for (const folder of folders) {
    await cp(join(cluster.directory, folder), join(kept, folder), { recursive: true }).catch(() => undefined);
  }
  return kept;
}
