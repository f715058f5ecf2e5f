import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { deepEqual, rejects } from 'node:assert/strict';
import { APISERVER_DEPLOYMENT, CONTROLLER_DEPLOYMENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubeJson } from '../cluster/kubectl.ts';
import { run } from '../cluster/run.ts';
import { commandsOf } from '../commands-of.ts';
import { nodeThat, updated } from '../fleet.ts';
import { rolledOut } from '../operator.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';
import { nothingIsLeft } from './uninstall.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const CHART = 'deploy/charts/bottlerocket-update-operator';
const HELM = process.env['HELM'] ?? 'helm';
const COMMANDS_MS = 300_000;
const UPDATE_MS = 600_000;

interface WorkloadJson extends KubeJson {
  readonly metadata: KubeJson['metadata'] & { readonly generation: number };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [{ readonly env: readonly Variable[] }] } } };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

export const helm: ClusterStep = {
  name: 'helm',
  shows: "the commands of the chart's README install, change the operator in mid-update, and remove all of it",
  needs: 'cluster',
  operator: 'absent',
  cannot: () => (spawnSync(HELM, ['version']).status === 0 ? undefined : 'there is no Helm on the PATH, nor named by HELM'),
  run: async (context) => {
    const { kubectl, cluster, releases, report } = context;
    const readme = await readFile(join(ROOT, CHART, 'README.md'), 'utf8');
    // Before the agents look for it for the first time, so that none waits until it looks again.
    const version = releases.publish();
    await shell(context, commandsOf(readme, 'Install').replaceAll('MY_NODE', cluster.managed[0]?.name ?? ''));
    await rolledOut(kubectl);
    await rejects(shell(context, `helm install another ${CHART}`), /invalid ownership metadata/, 'a second release is refused');

    await nodeThat(context, 'is cordoned for its update', ({ cordoned }) => cordoned, UPDATE_MS);
    const untouched = await workload(context, APISERVER_DEPLOYMENT);
    await shell(context, commandsOf(readme, 'Change'));
    const controller = await workload(context, CONTROLLER_DEPLOYMENT);
    const { env } = controller.spec.template.spec.containers[0];
    deepEqual(env.find(({ name }) => name === 'MAX_CONCURRENT_UPDATE')?.value, '2', 'the controller has the new value');
    const { metadata } = await workload(context, APISERVER_DEPLOYMENT);
    deepEqual(metadata.generation, untouched.metadata.generation, 'what the value does not concern stays as it is');
    await updated(context, version, UPDATE_MS);

    await shell(context, commandsOf(readme, 'Remove'));
    await nothingIsLeft(context);
    report(`with Helm ${(await run(HELM, ['version', '--template', '{{.Version}}'])).trim()}`);
  },
};

const workload = ({ kubectl }: ClusterContext, name: string): Promise<WorkloadJson> =>
  kubectl.get<WorkloadJson>('deployment', name, '--namespace', DEFAULT_NAMESPACE);

/** Runs commands of the README in the repository, up to the first that fails. */
function shell({ kubectl, cluster, signal }: ClusterContext, commands: string): Promise<string> {
  const programs = 'helm() { command "$HELM" "$@"; }\nkubectl() { command "$KUBECTL" "$@"; }\n';
  return run('bash', ['--norc', '-ec', `${programs}${commands}`], {
    cwd: ROOT,
    env: { HELM, KUBECTL: cluster.binaries.kubectl, KUBECONFIG: kubectl.kubeconfig },
    timeoutMs: COMMANDS_MS,
    signal,
  });
}
