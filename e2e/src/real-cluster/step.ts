import type { Program } from './cluster/binaries.ts';
import type { Kubectl } from './cluster/kubectl.ts';
import type { KubeApi } from './kube-api.ts';
import type { Fleet } from './fleet.ts';
import type { RealCluster } from './cluster/real-cluster.ts';
import type { Releases } from './releases.ts';

/** Context of every step. */
export interface ApiContext {
  readonly api: KubeApi;
  readonly kubectl: Kubectl;
  readonly signal: AbortSignal;
  /** Prints a line beneath the step's name. */
  readonly report: (line: string) => void;
}

/** Context of a step that needs nodes. */
export interface ClusterContext extends ApiContext {
  readonly cluster: RealCluster;
  readonly fleet: Fleet;
  readonly releases: Releases;
}

/** One property that the tests show; it throws if it does not hold. Steps run in turn on one cluster. */
export type Step = ApiStep | ClusterStep;

interface StepOf<Needs extends string, Context> {
  readonly name: string;
  readonly shows: string;
  readonly needs: Needs;
  /** Programs that have to be built first, beyond those of a cluster. */
  readonly programs?: readonly Program[];
  /** Why this machine cannot run it; undefined if it can. */
  readonly cannot?: () => string | undefined;
  readonly run: (context: Context) => Promise<void>;
}

/** Needs any Kubernetes API. */
export type ApiStep = StepOf<'api', ApiContext>;

/** Needs nodes that can be rebooted. */
export interface ClusterStep extends StepOf<'cluster', ClusterContext> {
  /** The initial state of the operator: installed by default. */
  readonly operator?: 'installs' | 'removes' | 'absent';
}
