import { AGENT_COMPONENT, bottlerocketShadowCrd, COMPONENT_LABEL, GROUP, PLURAL, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { inProcessClient, memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi } from '@brupop/simulator';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import type { FleetPolicy } from '@brupop/state-machine';
import { createController } from '../controller.ts';
import type { Controller } from '../controller.ts';

/** The namespace of the operator. */
export const NAMESPACE = 'brupop-bottlerocket-aws';
/** In milliseconds. */
export const MINUTE = 60_000;
/** The resource of shadows. */
export const SHADOWS: { readonly group: string; readonly resource: string; readonly namespace: string } = {
  group: GROUP,
  resource: PLURAL,
  namespace: NAMESPACE,
};
/** The part of an Event, as it is stored, that the tests read. */
interface StoredEvent {
  readonly reason: string;
  readonly involvedObject: { readonly name: string };
}
const stops: (() => Promise<void>)[] = [];

/** Stops the controllers that were started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}

/** A simulated cluster. */
export interface Cluster {
  readonly clock: VirtualClock;
  readonly api: SimulatedApi;
  readonly log: ReturnType<typeof memoryLogger>;
  shadow(name: string): BottlerocketShadow | undefined;
  /** The desired state of every node. */
  desired(): (ShadowState | undefined)[];
  /** Writes a status as the agent of the node reports it. */
  report(name: string, status: Partial<ShadowStatus>): void;
  /** Object and reason of every Event. */
  events(): string[];
}

/** A cluster with the given nodes, each with a Ready agent and a shadow with an available update. */
export function aCluster(names: readonly string[]): Cluster {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const api = new SimulatedApi({ clock, random });
  const since = new Date(clock.now()).toISOString();
  const ready = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }] };
  api.store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  api.store.create({ ...bottlerocketShadowCrd({ namespace: NAMESPACE, servicePort: 443 }) });
  for (const name of names) {
    const { uid } = api.store.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { [UPDATER_INTERFACE_LABEL]: '2.0.0' } },
      status: ready,
    }).metadata;
    api.store.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `agent-${name}`, namespace: NAMESPACE, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } },
      spec: { nodeName: name, containers: [{ name: 'brupop', image: 'brupop' }] },
      status: ready,
    });
    api.store.create({
      apiVersion: `${GROUP}/v2`,
      kind: 'BottlerocketShadow',
      metadata: { name: `brs-${name}`, namespace: NAMESPACE, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { state: 'Idle' },
      status: { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 },
    });
  }
  const shadow = (name: string): BottlerocketShadow | undefined => api.store.get<BottlerocketShadow>({ ...SHADOWS, name: `brs-${name}` });
  return {
    clock,
    api,
    log: memoryLogger(),
    shadow,
    desired: () => names.map((name) => shadow(name)?.spec.state),
    report: (name, status) => {
      api.store.patch({ ...SHADOWS, name: `brs-${name}` }, { status });
    },
    events: () =>
      api.store
        .list<StoredEvent>({ group: 'events.k8s.io', resource: 'events' })
        .map(({ reason, involvedObject }) => `${involvedObject.name} ${reason}`),
  };
}

/** Starts a controller on node `a`. */
export function start(
  { api, clock, log }: Cluster,
  identity = 'one',
  changes: Partial<FleetPolicy> = {},
): { controller: Controller; stop: () => Promise<void> } {
  const inner = inProcessClient(api.handle);
  const controller = createController({
    client: createKubeClient({
      clock,
      http: {
        request: (r, signal) => inner.request({ ...r, headers: { ...r.headers, authorization: `Bearer ${api.adminToken}` } }, signal),
      },
    }),
    clock,
    random: seededRandom(2),
    log,
    policy: { maxConcurrentUpdates: 1, window: { kind: 'always' }, timeouts: DEFAULT_TIMEOUTS, soakMs: 0, ...changes },
    namespace: NAMESPACE,
    nodeName: 'a',
    identity,
  });
  const abort = new AbortController();
  const running = controller.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort(new Error('stopping'));
    await clock.advance(10_000);
    await running;
  };
  stops.push(stop);
  return { controller, stop };
}
