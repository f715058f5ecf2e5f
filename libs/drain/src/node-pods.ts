import type { KubeList } from '@brupop/kube-objects';
import { objectKey, paths, watchCollection, type KubeClient } from '@brupop/kube-runtime';
import { Notifier, sleep, type Clock } from '@brupop/ports';
import type { DrainPod } from './pod.ts';

interface NodePodsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** The pods as they were listed shortly before; they save the first list. */
  readonly listed?: ListedPods | undefined;
}

/** The pods of a node at one moment. */
export interface ListedPods {
  readonly pods: readonly DrainPod[];
  /** To watch from; empty if the answer had none. */
  readonly resourceVersion: string;
}

/** Lists the pods of a node. @throws as a request, and when the answer is no list */
export async function listNodePods(client: KubeClient, nodeName: string, signal: AbortSignal): Promise<ListedPods> {
  // Without a resourceVersion the list is as recent as the last write; a stale one could lack pods.
  const list = await client.request<KubeList<DrainPod>>('GET', paths.pods(), { query: onNode(nodeName), signal });
  // A proxy's "200 {}" must not count as an empty node.
  if (!Array.isArray(list.items)) throw new TypeError('The list of pods holds no items');
  return { pods: list.items as readonly DrainPod[], resourceVersion: list.metadata?.resourceVersion ?? '' };
}

// No step of a drain takes longer.
const WATCH_SECONDS = 15;
const OPENING_MS = 2_000;

/** The pods of a node as a watch shows them. */
export interface WatchedPods {
  readonly pods: readonly DrainPod[];
  /** Whether the watch has shown a change since the last look, so that the pods are current. */
  readonly hasChanged: boolean;
}

/**
 * The pods of a node for one step of a drain: listed once, then watched, which costs the API server less than further lists and shows at
 * once when a pod is gone. The watch starts at the resourceVersion of the list, so it misses no event. If the watch fails, pods are listed
 * again.
 */
export class NodePods {
  readonly #options: NodePodsOptions;
  #pods = new Map<string, DrainPod>();
  #watch: 'none' | 'open' | 'over' = 'none';
  #resourceVersion = '';
  readonly #changes: Notifier;
  /** The version of the changes at the last look. */
  #seen = 0;

  /** Whether the pods were listed before, and have not been used yet. */
  #isListed = false;

  constructor(options: NodePodsOptions) {
    this.#options = options;
    this.#changes = new Notifier(options.clock);
    if (options.listed === undefined) return;
    this.#keep(options.listed);
    this.#isListed = true;
  }

  /** Undefined if no watch is open, so that the pods must be listed. */
  look(): WatchedPods | undefined {
    if (this.#watch !== 'open' && !this.#isListed) return undefined;
    this.#isListed = false;
    const hasChanged = this.#changes.version !== this.#seen;
    this.#seen = this.#changes.version;
    return { pods: [...this.#pods.values()], hasChanged };
  }

  /** @throws as a request, and when the answer is no list */
  async list(): Promise<readonly DrainPod[]> {
    const { client, nodeName, signal } = this.#options;
    const listed = await listNodePods(client, nodeName, signal);
    if (this.#watch === 'none') this.#keep(listed);
    return listed.pods;
  }

  #keep({ pods, resourceVersion }: ListedPods): void {
    this.#pods = new Map(pods.map((pod) => [objectKey(pod.metadata), pod]));
    this.#resourceVersion = resourceVersion;
  }

  /** Resolves after a new event of the watch or `watchedMs`; without a watch after `unwatchedMs`. @throws the reason of `signal` */
  async change(pauses: { readonly watchedMs: number; readonly unwatchedMs: number }, signal: AbortSignal): Promise<void> {
    if (this.#watch === 'none' && this.#resourceVersion !== '') {
      this.#watch = 'open';
      void this.#follow().finally(() => {
        this.#watch = 'over';
        this.#changes.notify();
      });
    }
    if (this.#watch === 'open') await this.#changes.wait(this.#seen, pauses.watchedMs, signal);
    // It may just have failed.
    if (this.#watch !== 'open') await sleep(this.#options.clock, pauses.unwatchedMs, signal);
  }

  async #follow(): Promise<void> {
    const { client, clock, nodeName, signal } = this.#options;
    const collection = { path: paths.pods(), query: onNode(nodeName), resourceVersion: this.#resourceVersion };
    const limits = { timeoutSeconds: WATCH_SECONDS, responseMs: OPENING_MS };
    try {
      for await (const { type, object } of watchCollection({ client, clock, ...collection, ...limits, signal })) {
        if (type === 'BOOKMARK') continue;
        const pod = object as DrainPod;
        if (type === 'DELETED') this.#pods.delete(objectKey(pod.metadata));
        else this.#pods.set(objectKey(pod.metadata), pod);
        this.#changes.notify();
      }
    } catch {
      // The next list throws if the API server cannot be reached.
    }
  }
}

function onNode(nodeName: string): { readonly fieldSelector: string } {
  return { fieldSelector: `spec.nodeName=${nodeName}` };
}
