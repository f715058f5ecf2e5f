import { AGENT_COMPONENT, COMPONENT_LABEL, CRD_MISSING, shadowsPath } from '@brupop/crd-models';
import { createReflector, paths, type Reflector } from '@brupop/kube-runtime';
import type { WatchMetrics } from '@brupop/process';
import type { FleetObservation } from '@brupop/state-machine';
import { agentsByNode, type Agents } from './agents-by-node.ts';
import type { AssumedShadows } from './assumed-shadows.ts';
import type { Context } from './context.ts';
import { filterEvents, urgencyOfNode, urgencyOfPod, urgencyOfShadow, type Urgency } from './event-filter.ts';
import { transformNode, transformPod, transformShadow } from './transform.ts';

interface FleetCachesDeps extends Context {
  readonly assumed: AssumedShadows;
  readonly watches: WatchMetrics;
  /** Called when something has changed that a plan depends on; with the name of the shadow, if it is one. */
  readonly onChange: (urgency: Exclude<Urgency, 'never'>, shadow?: string) => void;
}

/** What the controller knows of nodes, shadows and agents. */
export interface FleetCaches {
  /** The fleet as the caches show it, with our own writes applied. */
  observe(): Pick<FleetObservation, 'nodes' | 'shadows'> & Agents;
  readonly hasSynced: () => boolean;
  /** Lists everything again, and resolves once the caches show it. Rejects when `signal` aborts. */
  resync(signal: AbortSignal): Promise<void>;
  /** Keeps the caches up to date until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** The reflectors, by resource. */
  readonly reflectors: Readonly<Record<string, Reflector<unknown>>>;
}

export function createFleetCaches({ namespace, assumed, watches, onChange, ...common }: FleetCachesDeps): FleetCaches {
  const nodes = createReflector({
    ...common,
    path: paths.nodes(),
    transform: transformNode,
    onEvent: filterEvents(urgencyOfNode, (urgency) => {
      onChange(urgency);
    }),
    onRestart: watches.onRestart('nodes'),
  });
  const shadows = createReflector({
    ...common,
    path: shadowsPath(namespace),
    ifNotServed: CRD_MISSING,
    transform: transformShadow,
    onEvent: filterEvents((before, after) => urgencyOfShadow(assumed.planned(before, after), after), onChange),
    onRestart: watches.onRestart('bottlerocketshadows'),
  });
  /** Derived from the pods; undefined: they have changed since. */
  let agents: Agents | undefined;
  const pods = createReflector({
    ...common,
    path: paths.pods(namespace),
    query: { labelSelector: `${COMPONENT_LABEL}=${AGENT_COMPONENT}` },
    transform: transformPod,
    onEvent: filterEvents(urgencyOfPod, (urgency) => {
      agents = undefined;
      onChange(urgency);
    }),
    onRestart: watches.onRestart('pods'),
  });
  const all = [nodes, shadows, pods];
  return {
    observe: () => ({
      nodes: nodes.store.list().map(({ observation }) => observation),
      shadows: assumed.over(shadows.store.list()),
      ...(agents ??= agentsByNode(pods.store.list())),
    }),
    hasSynced: () => all.every((reflector) => reflector.hasSynced()),
    async resync(signal) {
      for (const reflector of all) reflector.relist();
      for (const reflector of all) await reflector.waitForSync(signal);
    },
    async run(signal) {
      await Promise.all(all.map((reflector) => reflector.run(signal)));
    },
    reflectors: { nodes, bottlerocketshadows: shadows, pods },
  };
}
