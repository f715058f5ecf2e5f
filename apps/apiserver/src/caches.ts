import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CRD_MISSING,
  shadowName,
  type BottlerocketShadow,
  shadowsPath,
} from '@brupop/crd-models';
import type { Tidying } from '@brupop/drain';
import type { WatchMetrics } from '@brupop/process';
import { isCordoned, type KubeNode, type KubePod } from '@brupop/kube-objects';
import { createReflector, paths, type KubeClient, type Reflector, getOrUndefined } from '@brupop/kube-runtime';
import type { Clock, Logger, Random } from '@brupop/ports';
import { decideTidying, type OwnedNode } from '@brupop/state-machine';
import { isTainted, transformNode, type CachedNode } from './cached-node.ts';
import { transformPod, type CachedPod } from './cached-pod.ts';
import { soundOrUndefined, transformShadow } from './cached-shadow.ts';
import type { ShadowNotifier } from './shadow-notifier.ts';
import { VoidOwnership } from './void-ownership.ts';

/** The components of the operator that run as servers. */
export const SERVER_COMPONENTS: readonly string[] = [APISERVER_COMPONENT, CONTROLLER_COMPONENT];

/** The shared watches: however many agents send requests, the Kubernetes API serves three watches. */
export interface Caches {
  /** The shadow of this name. */
  shadow(name: string): BottlerocketShadow | undefined;
  /** UIDs of the pods of the operator's servers on this node. */
  serversOn(nodeName: string): readonly string[];
  /** The Node of this name: to wait for a change, and to make guarded changes. */
  node(name: string): CachedNode | undefined;
  hasSynced(): boolean;
  /** Whether callers can be identified: the Nodes and Pods have been listed. */
  knowsCallers(): boolean;
  /** By resource. */
  readonly reflectors: Readonly<Record<string, Reflector<unknown>>>;
  /** Updates the caches until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** The agent pod of this name, if the cache has it. */
  readonly knownPod: (name: string) => CachedPod | undefined;
  /** The agent pod of this name: from the cache, else from the Kubernetes API, because it may be seconds old. */
  readonly findPod: (name: string, signal: AbortSignal) => Promise<CachedPod | undefined>;
  /** The Node of this name, likewise. */
  readonly findNode: (name: string, signal: AbortSignal) => Promise<CachedNode | undefined>;
  /** Nodes with a void ownership annotation, or whose taint of cordoned nodes must be added or removed. */
  tidyDue(): readonly ({ readonly name: string } & Tidying)[];
  /** Replaces the listener that is called when {@link Caches.tidyDue} has a new node. */
  onTidyDue(listener: () => void): void;
  /** Nodes whose cordon or exclusion from load balancers the operator owns. */
  ownedNodes(): { readonly name: string; readonly owned: OwnedNode }[];
}

interface CachesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly notifier: ShadowNotifier;
  readonly watches: WatchMetrics;
}

/** The caches of one apiserver. Every change of a shadow or Node is announced on the notifier. */
export function createCaches(options: CachesOptions): Caches {
  const { client, namespace, notifier, watches } = options;
  const shadows = createReflector<BottlerocketShadow>({
    ...options,
    path: shadowsPath(namespace),
    ifNotServed: CRD_MISSING,
    transform: transformShadow,
    onRestart: watches.onRestart('bottlerocketshadows'),
    onEvent: ({ object }) => {
      notifier.notify(object?.metadata.name);
    },
  });
  let tidyDue = (): void => undefined;
  const voidOwnership = new VoidOwnership();
  const nodes = createReflector<CachedNode>({
    ...options,
    path: paths.nodes(),
    transform: transformNode,
    onRestart: watches.onRestart('nodes'),
    onEvent: (event) => {
      if (event.object === undefined) return;
      const { object } = event;
      const { name } = object.metadata;
      notifier.notify(nodeTopic(name));
      const isVoid = voidOwnership.observe(name, event.type === 'deleted' ? undefined : object);
      // When the last node loses its label, the taints of all other nodes become due.
      const isReleased = event.type === 'modified' && event.before.managed && !object.managed;
      if (isVoid || isReleased || isCordoned(object) !== isTainted(object)) tidyDue();
    },
  });
  const pods = createReflector<CachedPod>({
    ...options,
    path: paths.pods(namespace),
    query: { labelSelector: `${COMPONENT_LABEL} in (${[AGENT_COMPONENT, ...SERVER_COMPONENTS].join(',')})` },
    transform: transformPod,
    onRestart: watches.onRestart('pods'),
  });
  const reflectors = { bottlerocketshadows: shadows, nodes, pods };
  return {
    reflectors,
    serversOn: (nodeName) =>
      pods.store.list().flatMap(({ isAgent, spec, metadata }) => (!isAgent && spec.nodeName === nodeName ? [metadata.uid] : [])),
    node: (name) => nodes.store.get(name),
    shadow: (name) => shadows.store.get(`${namespace}/${name}`),
    hasSynced: () => Object.values(reflectors).every((reflector) => reflector.hasSynced()),
    knowsCallers: () => nodes.hasSynced() && pods.hasSynced(),
    run: async (signal) => {
      await Promise.all(Object.values(reflectors).map((reflector) => reflector.run(signal)));
    },
    knownPod: (name) => {
      const cached = pods.store.get(`${namespace}/${name}`);
      return cached?.isAgent === true ? cached : undefined;
    },
    findPod: async (name, signal) => {
      const cached = pods.store.get(`${namespace}/${name}`);
      const found =
        cached ?? (await getOrUndefined<KubePod>(client, paths.pod(namespace, name), { signal }).then((pod) => pod && transformPod(pod)));
      return found?.isAgent === true ? found : undefined;
    },
    findNode: async (name, signal) => {
      const cached = nodes.store.get(name);
      if (cached !== undefined) return cached;
      const found = await getOrUndefined<KubeNode>(client, paths.node(name), { signal });
      return found === undefined ? undefined : transformNode(found);
    },
    tidyDue: () => {
      if (!nodes.hasSynced()) return [];
      return decideTidying(
        nodes.store.list().map((node) => {
          const { name } = node.metadata;
          const voided = voidOwnership.of(name);
          const { managed } = node;
          return { name, managed, cordoned: isCordoned(node), tainted: isTainted(node), ...(voided === undefined ? {} : { voided }) };
        }),
      );
    },
    onTidyDue: (listener) => {
      tidyDue = listener;
    },
    ownedNodes: () => {
      const states = nodes.store.list().flatMap(({ metadata: { name }, owned }) => (owned === undefined ? [] : [{ name, owned }]));
      if (states.length === 0) return [];
      const withAgent = new Set(pods.store.list().flatMap(({ isAgent, spec }) => (isAgent ? [spec.nodeName] : [])));
      return states.map(({ name, owned }) => {
        const shadow = soundOrUndefined(shadows.store.get(`${namespace}/${shadowName(name)}`));
        return { name, owned: { ...owned, hasAgent: withAgent.has(name), shadow } };
      });
    },
  };
}

/** The topic under which the notifier announces changes of a Node; no shadow has such a name. */
export function nodeTopic(name: string): string {
  return `node ${name}`;
}
