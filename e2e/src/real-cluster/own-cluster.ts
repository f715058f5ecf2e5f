import { systemClock } from '@brupop/ports';
import { UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { provideBinaries } from './cluster/binaries.ts';
import type { Binaries } from './cluster/binaries.ts';
import { buildOperatorImages } from './cluster/images.ts';
import { RealCluster } from './cluster/real-cluster.ts';
import type { NodeKind } from './cluster/real-cluster.ts';
import { Fleet } from './fleet.ts';
import { KubeApi } from './kube-api.ts';
import { Releases } from './releases.ts';
import type { Report } from './report.ts';
import type { ClusterContext, Step } from './step.ts';
import { withStepDeadline } from './step-deadline.ts';
import { programsFor } from './steps-to-run.ts';
import { keepLogs, troubles } from './troubles.ts';
import { CLIENT_TAINT } from './workload.ts';

const BOTTLEROCKET: NodeKind = { labels: { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION } };
const NODES: readonly NodeKind[] = [
  BOTTLEROCKET,
  BOTTLEROCKET,
  BOTTLEROCKET,
  // Where the client of the workload stays, for nothing is updated there.
  { labels: { [CLIENT_TAINT]: 'true' }, taints: `${CLIENT_TAINT}=:NoExecute` },
];

/** What a run is given. */
export interface OwnClusterOptions {
  readonly steps: readonly Step[];
  readonly report: Report;
  /** Aborts when the user stops the run. */
  readonly signal: AbortSignal;
  /** Timeout of each step. */
  readonly stepTimeoutMs: number;
  /** Ends a cluster that is to be kept. */
  readonly keepUntil?: Promise<void>;
}

/** Builds and starts a cluster, runs the steps on it, and stops it in any case. */
export async function runOnOwnCluster(options: OwnClusterOptions): Promise<void> {
  const { steps, report, signal, stepTimeoutMs, keepUntil } = options;
  const releases = new Releases();
  const line = (text: string): void => {
    report.line(text);
  };
  let cluster: RealCluster | undefined;
  try {
    let built: { readonly binaries: Binaries; readonly images: readonly string[] } | undefined;
    // Without a deadline: a build that makes progress is not a failure, and its result is kept for the next run.
    await report.step('build', 'Kubernetes from source, and the images of the operator', async () => {
      const binaries = await provideBinaries(line, signal, programsFor(steps));
      built = { binaries, images: await buildOperatorImages(signal) };
    });
    const parts = built;
    if (parts !== undefined) {
      await report.step('cluster', 'a control plane and four nodes with the images of the operator', () =>
        withStepDeadline(stepTimeoutMs, { clock: systemClock, signal }, async (ofStep) => {
          const machine = { version: releases.newest, repository: releases.repository };
          cluster = await RealCluster.start({ ...parts, nodes: NODES, machine, signal: ofStep });
        }),
      );
    }
    if (cluster === undefined) {
      for (const { name } of steps) report.notRun(name, 'there is no cluster');
      return;
    }
    await runOn(cluster, { ...options, releases });
    if (keepUntil !== undefined) {
      line(`export KUBECONFIG=${cluster.kubectl.kubeconfig}\nThe cluster is kept; Ctrl-C ends it.`);
      await keepUntil;
    }
  } finally {
    const ending = cluster;
    if (ending !== undefined) {
      await report.step('end', 'nothing is left of the cluster', () => ending.stop());
    }
  }
}

async function runOn(
  cluster: RealCluster,
  { steps, report, signal, stepTimeoutMs, releases }: OwnClusterOptions & { readonly releases: Releases },
): Promise<void> {
  const api = await KubeApi.fromKubeconfig(cluster.kubectl.kubeconfig, signal);
  const fleet = new Fleet(api);
  fleet.start(signal);
  const context: ClusterContext = {
    api,
    kubectl: cluster.kubectl,
    cluster,
    fleet,
    releases,
    signal,
    report: (text) => {
      report.line(text);
    },
  };
  // A user who has stopped the run knows why it failed.
  const isStopped = (): boolean => signal.aborted;
  let allPassed = true;
  for (const { name, shows, run, cannot } of steps) {
    if (isStopped()) {
      report.notRun(name, String(signal.reason));
      continue;
    }
    const why = cannot?.();
    if (why !== undefined) {
      report.leftOut(name, why);
      continue;
    }
    const passed = await report.step(name, shows, () =>
      withStepDeadline(stepTimeoutMs, { clock: systemClock, signal }, (ofStep) => run({ ...context, signal: ofStep })),
    );
    if (!passed && !isStopped()) report.line(await troubles(context));
    allPassed &&= passed;
  }
  await fleet.stop();
  if (!allPassed && !isStopped()) report.line(`the logs are in ${await keepLogs(cluster)}`);
}
