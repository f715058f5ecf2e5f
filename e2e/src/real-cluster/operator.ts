import { join, resolve } from 'node:path';
import { AGENT_DAEMON_SET, APISERVER_DEPLOYMENT, COMPONENT_LABEL, CONTROLLER_DEPLOYMENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubeJson, Kubectl } from './cluster/kubectl.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
export const MANIFEST: string = join(ROOT, 'deploy/bottlerocket-update-operator.yaml');
/** The definition of the resource alone. */
export const CRD_MANIFEST: string = join(ROOT, 'deploy/bottlerocketshadow-crd.yaml');
/** A Prometheus that scrapes the operator. */
export const TELEMETRY_MANIFEST: string = join(ROOT, 'deploy/telemetry/prometheus-resources.yaml');

/** A pod as kubectl shows it. */
export interface PodJson extends KubeJson {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly containerID?: string }[];
  };
}

const ROLLOUT_SECONDS = 300;
const WORKLOADS = [`daemonset/${AGENT_DAEMON_SET}`, `deployment/${APISERVER_DEPLOYMENT}`, `deployment/${CONTROLLER_DEPLOYMENT}`];

/** Installs the operator as a user does, and waits until all of it is ready. */
export async function install(kubectl: Kubectl): Promise<void> {
  await kubectl.run(['apply', '-f', MANIFEST]);
  await rolledOut(kubectl);
}

/** Waits until every pod of the operator is the newest and ready. */
export async function rolledOut(kubectl: Kubectl): Promise<void> {
  for (const workload of WORKLOADS) {
    await kubectl.run(
      ['rollout', 'status', '--namespace', DEFAULT_NAMESPACE, `--timeout=${ROLLOUT_SECONDS}s`, workload],
      undefined,
      (ROLLOUT_SECONDS + 10) * 1000,
    );
  }
}

/** Sets variables of a component and waits for the new pods. */
export async function configure(
  kubectl: Kubectl,
  workload: 'agent' | 'apiserver' | 'controller',
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const object = WORKLOADS[['agent', 'apiserver', 'controller'].indexOf(workload)] ?? '';
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await kubectl.run(['set', 'env', '--namespace', DEFAULT_NAMESPACE, object, ...pairs]);
  await rolledOut(kubectl);
}

export function podsOf(kubectl: Kubectl, component: string): Promise<PodJson[]> {
  return kubectl.list<PodJson>('pods', '--namespace', DEFAULT_NAMESPACE, '--selector', `${COMPONENT_LABEL}=${component}`);
}
