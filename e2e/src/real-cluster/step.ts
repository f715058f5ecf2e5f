import type { Program } from './cluster/binaries.ts';
import type { Kubectl } from './cluster/kubectl.ts';
import type { KubeApi } from './kube-api.ts';
import type { Fleet } from './fleet.ts';
import type { RealCluster } from './cluster/real-cluster.ts';
import type { Releases } from './releases.ts';

/** What every step is given. */
export interface ApiContext {
  readonly api: KubeApi;
  readonly kubectl: Kubectl;
  readonly signal: AbortSignal;
  /** Prints a line beneath the step's name. */
  readonly report: (line: string) => void;
}

/** What a step is given that needs nodes. */
export interface ClusterContext extends ApiContext {
  readonly cluster: RealCluster;
  readonly fleet: Fleet;
  readonly releases: Releases;
}

/** One thing that the tests show; it throws if it is not so. Steps run in turn on one cluster. */
export type Step = ApiStep | ClusterStep;

interface StepOf<Needs extends string, Context> {
  readonly name: string;
  readonly shows: string;
  readonly needs: Needs;
  /** What it takes beyond the programs of a cluster, which has to be built first. */
  readonly programs?: readonly Program[];
  /** Why this machine cannot run it; undefined if it can. */
  readonly cannot?: () => string | undefined;
  readonly run: (context: Context) => Promise<void>;
}

/** Needs a Kubernetes API, whoever's. */
export type ApiStep = StepOf<'api', ApiContext>;

/** Needs nodes that can be rebooted. */
export interface ClusterStep extends StepOf<'cluster', ClusterContext> {
  /** How it finds the operator: installed, unless it says otherwise. */
  readonly operator?: 'installs' | 'removes' | 'absent';
}
