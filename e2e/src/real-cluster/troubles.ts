import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTROLLER_COMPONENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { RealCluster } from './cluster/real-cluster.ts';
import { podsOf } from './operator.ts';
import type { ClusterContext } from './step.ts';

/** The first information to look at after a failure. */
export async function troubles(context: ClusterContext): Promise<string> {
  const { kubectl, fleet, cluster } = context;
  const look = (...args: string[]): Promise<string> => kubectl.run(args).catch((error: unknown) => String(error));
  const parts = [
    fleet.describe(),
    await look('get', 'pods', '--all-namespaces', '--output', 'wide'),
    lastLines(await look('get', 'events', '--namespace', DEFAULT_NAMESPACE, '--sort-by=.lastTimestamp'), 40),
    await plan(context),
    ...cluster.failures.map((error) => `a node could not be switched: ${String(error)}`),
  ];
  for (const component of ['daemonset/brupop-agent', 'deployment/brupop-apiserver', 'deployment/brupop-controller-deployment']) {
    parts.push(
      `${component}:\n${await look('logs', '--namespace', DEFAULT_NAMESPACE, component, '--tail', '15', '--all-pods', '--prefix')}`,
    );
  }
  return parts.join('\n');
}

const lastLines = (text: string, count: number): string => text.trimEnd().split('\n').slice(-count).join('\n');

/** The controller's plan entry of each node. */
async function plan({ kubectl, api }: ClusterContext): Promise<string> {
  try {
    const [pod] = await podsOf(kubectl, CONTROLLER_COMPONENT);
    const path = `/api/v1/namespaces/${DEFAULT_NAMESPACE}/pods/${pod?.metadata.name ?? ''}:8080/proxy/plan`;
    return `the plan: ${JSON.stringify(await api.get(path))}`;
  } catch (error) {
    return `the plan is not available: ${String(error)}`;
  }
}

/** Copies the logs of the cluster's components to a permanent folder. @returns its path */
export async function keepLogs(cluster: RealCluster): Promise<string> {
  const kept = await mkdtemp(join(tmpdir(), 'brupop-e2e-logs-'));
  const folders = ['logs', ...cluster.machines.map(({ name }) => join(name, 'logs'))];
  for (const folder of folders) {
    await cp(join(cluster.directory, folder), join(kept, folder), { recursive: true }).catch(() => undefined);
  }
  return kept;
}
