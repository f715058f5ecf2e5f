import { UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { provideBinaries } from './cluster/binaries.ts';
import { buildOperatorImages } from './cluster/images.ts';
import { RealCluster } from './cluster/real-cluster.ts';
import type { NodeKind } from './cluster/real-cluster.ts';
import { Fleet } from './fleet.ts';
import { KubeApi } from './kube-api.ts';
import { Releases } from './releases.ts';
import type { Report } from './report.ts';
import type { ClusterContext, Step } from './step.ts';
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
  readonly signal: AbortSignal;
  /** Ends a cluster that is to be kept. */
  readonly keepUntil?: Promise<void>;
}

/** Builds and starts a cluster, runs the steps on it, and ends it, whatever happens. */
export async function runOnOwnCluster({ steps, report, signal, keepUntil }: OwnClusterOptions): Promise<void> {
  const releases = new Releases();
  const line = (text: string): void => {
    report.line(text);
  };
  let cluster: RealCluster | undefined;
  try {
    const started = await report.step('cluster', 'Kubernetes from source, with four nodes and the images of the operator', async () => {
      const binaries = await provideBinaries(line, signal);
      const images = await buildOperatorImages(signal);
      const machine = { version: releases.newest, repository: releases.repository };
      cluster = await RealCluster.start({ binaries, nodes: NODES, images, machine, signal });
    });
    if (!started || cluster === undefined) {
      for (const { name } of steps) report.notRun(name, 'there is no cluster');
      return;
    }
    await runOn(cluster, { steps, report, signal, releases });
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
  { steps, report, signal, releases }: OwnClusterOptions & { readonly releases: Releases },
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
  let allPassed = true;
  for (const { name, shows, run, cannot } of steps) {
    if (signal.aborted) {
      report.notRun(name, String(signal.reason));
      continue;
    }
    const why = cannot?.();
    if (why !== undefined) {
      report.leftOut(name, why);
      continue;
    }
    const passed = await report.step(name, shows, () => run(context));
    if (!passed && !interrupted(signal)) report.line(await troubles(context));
    allPassed &&= passed;
  }
  await fleet.stop();
  if (!allPassed && !interrupted(signal)) report.line(`the logs are in ${await keepLogs(cluster)}`);
}

/** Whether somebody has stopped the run, who then knows why it failed. */
const interrupted = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && !(reason instanceof DOMException && reason.name === 'TimeoutError');
