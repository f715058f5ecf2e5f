import { seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi } from '../api/simulated-api.ts';
import { isReady } from './objects.ts';
import type { PodObject } from './objects.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedClusterOptions } from './simulated-cluster.ts';

/** A cluster of three nodes on a virtual clock, for this folder's tests. */
export class TestCluster {
  readonly clock: VirtualClock = new VirtualClock();
  readonly api: SimulatedApi;
  readonly cluster: SimulatedCluster;

  constructor({ seed = 1, ...options }: Partial<SimulatedClusterOptions> & { readonly seed?: number } = {}) {
    const random = seededRandom(seed);
    this.api = new SimulatedApi({ clock: this.clock, random });
    this.cluster = new SimulatedCluster({
      api: this.api,
      clock: this.clock,
      random,
      nodes: ['node-1', 'node-2', 'node-3'].map((name) => ({ name, version: '1.26.1' })),
      hostTimings: { shutdownMs: 1_000, rebootMs: 20_000 },
      ...options,
    });
    this.cluster.start();
  }

  /** Pods of an app in `default`. */
  app(name: string): PodObject[] {
    return this.cluster.pods('default', { app: name });
  }

  ready(name: string): number {
    return this.app(name).filter(isReady).length;
  }

  /** Requests the eviction of a pod over HTTP, as a drain does. @returns the status code */
  async evict(pod: PodObject): Promise<number> {
    const { namespace = '', name } = pod.metadata;
    const response = await this.api.handle(
      {
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
        headers: { authorization: `Bearer ${this.api.adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }),
      },
      new AbortController().signal,
    );
    return response.status;
  }
}

/** A bare pod for a {@link PodRunner}. */
export function runPod(name: string, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { serviceAccountName: 'default', containers: [{ name: 'brupop', image: 'brupop' }], ...spec },
  };
}
