import {
  APISERVER_COMPONENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CORDONED_ANNOTATION,
  DEFAULT_NAMESPACE,
  isOwned,
  nodeNameOf,
} from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { NodeObject, PodObject } from '@brupop/simulator';
import type { FleetPolicy } from '@brupop/state-machine';
import type { Fleet } from '../in-process/fleet.ts';
import { unboundedIn } from './bounds.ts';
import { Permissions } from './permissions.ts';

const SHADOWS = { group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows' };
/** The label of pods that return to a cordoned node: those are left there. */
export const STICKY = 'sticky';
// An administrator who uncordons during a drain lets pods in; the next step of the drain cordons the node again.
const HAND_MS = 15_000;

/** What is known about one boot of a node. */
interface Boot {
  /** Whether the node was drained in this boot, without any later failure that would require another drain. */
  drained: boolean;
  uncordonedByHandAtMs: number;
}

/** Watches a fleet and records every violation of an invariant. */
export class Invariants {
  readonly violations: string[] = [];
  readonly #fleet: Fleet;
  readonly #most: number;
  readonly #boots = new Map<string, Boot>();
  readonly #cordoned = new Set<string>();
  readonly #permissions: Permissions;

  constructor(fleet: Fleet, most: number, policy: Partial<FleetPolicy>) {
    this.#fleet = fleet;
    this.#most = most;
    this.#permissions = new Permissions(fleet, policy, (what) => {
      this.#violated(what);
    });
    fleet.cluster.store.observe('Node', ({ before, after }) => {
      this.#observeNode(before, after);
      this.#permissions.observeNode(before, after);
    });
    fleet.api.store.watch<BottlerocketShadow>({ ...SHADOWS }, ({ object }) => {
      this.#observeShadow(object);
      this.#permissions.observeShadow(object);
    });
    for (const { group, resource } of [SHADOWS, { group: '', resource: 'nodes' }, { group: 'events.k8s.io', resource: 'events' }])
      fleet.api.store.watch({ group, resource }, ({ object }) => {
        for (const what of unboundedIn(object)) this.#violated(`${object.kind} ${object.metadata.name} has ${what}`);
      });
    fleet.runner.onHostRequest = (node, { method, path }) => {
      if (method === 'POST' && path === '/actions/reboot') this.#observeReboot(node);
      this.#permissions.noteOffers();
    };
    fleet.cluster.log.onEvent(({ type, subject }) => {
      if (type === 'host-booted') this.#boots.delete(subject);
    });
  }

  /** An administrator changes the node or its shadow, which may cause a second drain. */
  byHand(node: string, what: 'uncordoned' | 'other'): void {
    this.#permissions.byHand();
    const boot = this.#boot(node);
    boot.drained = false;
    if (what === 'uncordoned') boot.uncordonedByHandAtMs = this.#fleet.clock.monotonic();
  }

  #boot(node: string): Boot {
    const known = this.#boots.get(node) ?? { drained: false, uncordonedByHandAtMs: -Infinity };
    this.#boots.set(node, known);
    return known;
  }

  #observeNode(before: NodeObject | undefined, after: NodeObject | undefined): void {
    const name = (after ?? before)?.metadata.name ?? '';
    if (after === undefined || !isOwned(after)) this.#cordoned.delete(name);
    else if (!this.#cordoned.has(name)) {
      this.#cordoned.add(name);
      if (this.#cordoned.size > this.#most)
        this.#violated(`${[...this.#cordoned].join(', ')} are cordoned, more than ${String(this.#most)}`);
    }
    const cordoned = (node: NodeObject | undefined): boolean => node?.metadata.annotations?.[CORDONED_ANNOTATION] !== undefined;
    if (cordoned(before) || !cordoned(after)) return;
    const boot = this.#boot(name);
    if (boot.drained) this.#violated(`${name} is cordoned a second time without a reboot or a failure in between`);
    boot.drained = true;
  }

  #observeShadow(shadow: BottlerocketShadow): void {
    const { spec, status } = shadow;
    // After a failure or a withdrawal, the update starts again.
    const over = status?.current_state === 'ErrorReset' || spec.state === 'StagedAndPerformedUpdate' || spec.state === 'Idle';
    if (over) this.#boot(nodeNameOf(shadow) ?? '').drained = false;
  }

  #observeReboot(node: string): void {
    const { clock, cluster } = this.#fleet;
    this.#permissions.observeReboot(node);
    if (clock.monotonic() - this.#boot(node).uncordonedByHandAtMs < HAND_MS) return;
    const left = cluster.store.list('Pod').filter((pod) => pod.spec.nodeName === node && isToGo(pod));
    const names = left.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
    if (names.length > 0) this.#violated(`${node} is rebooted with ${names.join(', ')} on it`);
  }

  #violated(what: string): void {
    this.violations.push(`${String(this.#fleet.clock.monotonic() / 1000)} s: ${what}`);
  }
}

function isToGo({ metadata, status }: PodObject): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  if (metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') === true) return false;
  // Pods that return in spite of the cordon are named and left.
  if (metadata.labels?.[STICKY] !== undefined) return false;
  // The operator's own servers stay when nothing else is left.
  const component = metadata.labels?.[COMPONENT_LABEL];
  return metadata.namespace !== DEFAULT_NAMESPACE || (component !== APISERVER_COMPONENT && component !== CONTROLLER_COMPONENT);
}
