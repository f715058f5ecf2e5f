import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  boundStatus,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CORDONED_ANNOTATION,
  CRD_MISSING,
  EXCLUDE_FROM_LB_LABEL,
  EXCLUDED_FROM_LB_ANNOTATION,
  isOwned,
  shadowName,
  soundNode,
  soundPod,
  soundShadow,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
  type BottlerocketShadow,
  type ObservedShadow,
} from '@brupop/crd-models';
import { hasCordonTaint, type DrainNode, type Tidying } from '@brupop/drain';
import {
  createReflector,
  isKubeStatus,
  paths,
  type KubeClient,
  type KubeObject,
  type Reflector,
  type WatchMetrics,
} from '@brupop/kube-runtime';
import type { Clock, Random } from '@brupop/ports';
import type { Logger } from '@brupop/process';
import type { OwnedNode } from '@brupop/state-machine';
import { nodeProblem, type HealthNode } from './node-health.ts';
import type { ShadowNotifier } from './shadow-notifier.ts';
import { VoidOwnership } from './void-ownership.ts';

/** What is kept of a Node: enough to tell whether it is Ready, and to change it; next to nothing of one that is not held. */
export interface CachedNode extends DrainNode {
  readonly metadata: DrainNode['metadata'] & { readonly uid: string };
  /** Whether it carries the opt-in label with the right value. */
  readonly managed: boolean;
  /** Only while an update of ours holds it, which few are at any time. */
  readonly held?: OwnedState;
}

/** What a Node itself tells of a {@link OwnedNode}. */
export type OwnedState = Pick<OwnedNode, 'managed' | 'ready' | 'bootId'>;

/** The part of a Node, as the API gives it, that is looked at. */
export interface RawNode extends KubeObject {
  readonly spec?: NonNullable<DrainNode['spec']>;
  readonly status?: HealthNode['status'] & { readonly nodeInfo?: { readonly bootID?: string } };
}

/** What is kept of a Pod of the operator. */
export interface CachedPod {
  readonly isAgent: boolean;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly resourceVersion?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

/** The operator's own servers. */
export const SERVER_COMPONENTS: readonly string[] = [APISERVER_COMPONENT, CONTROLLER_COMPONENT];

/** The shared watches: however many agents ask, the Kubernetes API serves three. */
export interface Caches {
  /** The shadow of this name. */
  shadow(name: string): BottlerocketShadow | undefined;
  /** UIDs of the operator's own servers on this node, as last seen. */
  serversOn(nodeName: string): readonly string[];
  /** The Node of this name as last seen: to wait by, and to make guarded changes from. */
  node(name: string): CachedNode | undefined;
  hasSynced(): boolean;
  /** Whether it can be told who calls. */
  knowsCallers(): boolean;
  /** By the resource that each mirrors. */
  readonly reflectors: Readonly<Record<string, Reflector<unknown>>>;
  /** Keeps the caches until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** The agent pod of this name, if the cache has it. */
  readonly knownPod: (name: string) => CachedPod | undefined;
  /** The agent pod of this name: from the cache, else, for it may be seconds old, from the Kubernetes API. */
  readonly findPod: (name: string, signal: AbortSignal) => Promise<CachedPod | undefined>;
  /** The Node of this name, likewise. */
  readonly findNode: (name: string, signal: AbortSignal) => Promise<CachedNode | undefined>;
  /** Nodes that bear a void mark, or whose taint of cordoned nodes is to come or to go. */
  tidyDue(): readonly ({ readonly name: string } & Tidying)[];
  /** Replaces the listener that is called when a node bears a void mark, is cordoned without that taint, or bears it without being cordoned. */
  onTidyDue(listener: () => void): void;
  /** Nodes that an update of ours holds. */
  ownedNodes(): { readonly name: string; readonly held: OwnedNode }[];
}

/** What {@link createCaches} needs. */
export interface CachesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly notifier: ShadowNotifier;
  readonly watches: WatchMetrics;
}

/** The caches of one apiserver; every change of a shadow is announced on the notifier. */
export function createCaches(options: CachesOptions): Caches {
  const { client, namespace, notifier, watches } = options;
  const shadows = createReflector<BottlerocketShadow>({
    ...options,
    path: paths.shadows(namespace),
    ifNotServed: CRD_MISSING,
    transform: transformShadow,
    onRestart: watches.onRestart('bottlerocketshadows'),
    onEvent: ({ object }) => {
      notifier.notify(object?.metadata.name);
    },
  });
  let tidyDue = (): void => undefined;
  const voidMarks = new VoidOwnership();
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
      const bearsVoidMark = voidMarks.saw(name, event.type === 'deleted' ? undefined : object);
      // With the last node that loses its label the taints of all others are due.
      const isReleased = event.type === 'modified' && event.before.managed && !object.managed;
      if (bearsVoidMark || isReleased || isCordoned(object) !== isTainted(object)) tidyDue();
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
        cached ?? (await readOrUndefined<RawPod>(client, paths.pod(namespace, name), signal).then((pod) => pod && transformPod(pod)));
      return found?.isAgent === true ? found : undefined;
    },
    findNode: async (name, signal) => {
      const cached = nodes.store.get(name);
      if (cached !== undefined) return cached;
      const found = await readOrUndefined<RawNode>(client, paths.node(name), signal);
      return found === undefined ? undefined : transformNode(found);
    },
    tidyDue: () => {
      if (!nodes.hasSynced()) return [];
      const all = nodes.store.list();
      const isAtWork = all.some(({ managed }) => managed);
      return all.flatMap((node) => {
        const { name } = node.metadata;
        const tainted = isCordoned(node) && isAtWork;
        const voided = voidMarks.of(name);
        return tainted === isTainted(node) && voided === undefined ? [] : [{ name, tainted, ...(voided === undefined ? {} : { voided }) }];
      });
    },
    onTidyDue: (listener) => {
      tidyDue = listener;
    },
    ownedNodes: () => {
      const held = nodes.store.list().flatMap(({ metadata: { name }, held: state }) => (state === undefined ? [] : [{ name, state }]));
      if (held.length === 0) return [];
      const withAgent = new Set(pods.store.list().flatMap(({ isAgent, spec }) => (isAgent ? [spec.nodeName] : [])));
      return held.map(({ name, state }) => ({
        name,
        held: { ...state, hasAgent: withAgent.has(name), shadow: soundOrNone(shadows.store.get(`${namespace}/${shadowName(name)}`)) },
      }));
    },
  };
}

/** A shadow that is safe to decide by; undefined: there is none. */
export function soundOrNone(shadow: unknown): ObservedShadow | undefined {
  return shadow === undefined ? undefined : soundShadow(shadow);
}

/** Under what the notifier announces news of a Node; no shadow has such a name. */
export function nodeTopic(name: string): string {
  return `node ${name}`;
}

function isCordoned({ spec }: CachedNode): boolean {
  return spec?.unschedulable === true;
}

function isTainted({ spec }: CachedNode): boolean {
  return hasCordonTaint(spec?.taints);
}

/** Reads an object; undefined when there is none. */
export async function readOrUndefined<T>(client: KubeClient, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await client.request<T>('GET', path, { signal });
  } catch (error) {
    if (isKubeStatus(error, 404)) return undefined;
    throw error;
  }
}

/** A shadow without the API server's book-keeping, which is larger than the rest, and within the limits of the schema. */
export function transformShadow(shadow: BottlerocketShadow): BottlerocketShadow {
  const { status } = shadow;
  const bound = status === undefined || status === null ? status : boundStatus(status);
  if (!('managedFields' in shadow.metadata) && bound === status) return shadow;
  const metadata: BottlerocketShadow['metadata'] & { managedFields?: unknown } = { ...shadow.metadata };
  delete metadata.managedFields;
  return { ...shadow, metadata, ...(bound === undefined ? {} : { status: bound }) };
}

interface RawPod extends Omit<CachedPod, 'metadata' | 'isAgent'> {
  readonly metadata: CachedPod['metadata'] & { readonly labels?: Readonly<Record<string, string>> };
}

/** What is sure to be there of a Pod that is legal in part. */
type SoundPod = Omit<RawPod, 'spec' | 'status'> & { readonly spec?: RawPod['spec']; readonly status?: RawPod['status'] };

// Almost all nodes are: one object serves them.
const READY: NonNullable<CachedNode['status']> = { conditions: [{ type: 'Ready', status: 'True' }] };

/** A Node that is illegal in any part counts as not Ready. */
function transformNode(raw: RawNode): CachedNode {
  const { object: node, fault } = soundNode(raw);
  const { name, uid = '', resourceVersion, labels = {}, annotations = {} } = node.metadata;
  const { unschedulable, taints } = node.spec ?? {};
  const held = ownedStateOf(node);
  const kept = {
    labels: only(labels, EXCLUDE_FROM_LB_LABEL),
    annotations: only(annotations, CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION),
  };
  return {
    metadata: { name, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }), ...kept },
    ...(unschedulable === true || taints !== undefined ? { spec: { unschedulable: unschedulable === true, taints: taints ?? [] } } : {}),
    status:
      fault === undefined && nodeProblem(node) === undefined
        ? READY
        : { conditions: node.status?.conditions?.filter(({ type }) => type === 'Ready') ?? [] },
    managed: isManaged(node),
    ...(held === undefined ? {} : { held }),
  };
}

const NOTHING: Readonly<Record<string, string>> = {};

/** Of some keys and values those with these keys. */
function only(all: Readonly<Record<string, string>>, ...keys: readonly string[]): Readonly<Record<string, string>> {
  const kept = keys.flatMap((key): [string, string][] => (all[key] === undefined ? [] : [[key, all[key]]]));
  return kept.length === 0 ? NOTHING : Object.fromEntries(kept);
}

/** Whether a node has opted in. */
export function isManaged({ metadata: { labels = {} } }: RawNode): boolean {
  return labels[UPDATER_INTERFACE_LABEL] === UPDATER_INTERFACE_VERSION;
}

/** @returns undefined for a node that no update of ours holds */
export function ownedStateOf(raw: RawNode): OwnedState | undefined {
  const { object: node, fault } = soundNode(raw);
  if (!isOwned(node)) return undefined;
  return {
    managed: isManaged(node),
    ready: fault === undefined && nodeProblem(node) === undefined,
    bootId: node.status?.nodeInfo?.bootID,
  };
}

function transformPod(raw: RawPod): CachedPod {
  const { metadata, spec, status } = soundPod<SoundPod>(raw).object;
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  return {
    isAgent: labels?.[COMPONENT_LABEL] === AGENT_COMPONENT,
    metadata: { name, namespace, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName },
    status: status?.phase === undefined ? {} : { phase: status.phase },
  };
}
