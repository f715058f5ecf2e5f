import {
  CORDONED_ANNOTATION,
  EXCLUDED_FROM_LB_ANNOTATION,
  nodeNameOf,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { NodeObject } from '@brupop/simulator';
import { windowAt } from '@brupop/state-machine';
import type { FleetPolicy } from '@brupop/state-machine';
import type { Fleet } from '../in-process/fleet.ts';

const MINUTE = 60_000;
/** A permitted step takes effect when the API server and its webhooks accept it: a write takes at most 34 s. */
const TAKES_EFFECT_MS = MINUTE;
/** The controller may not have received the latest change yet. */
const UNSEEN_MS = 5 * MINUTE;
/** Maximum age of the offer of a booted version: a drain may take a quarter of an hour, and checks the offer every ten minutes. */
const OFFERED_MS = 45 * MINUTE;

/** Watches the permissions of the controller, and that nodes are disturbed only with one. */
export class Permissions {
  readonly #fleet: Fleet;
  readonly #policy: Partial<FleetPolicy>;
  readonly #violated: (what: string) => void;
  readonly #permittedMs = new Map<string, number>();
  readonly #permitted = new Set<string>();
  readonly #states = new Map<string, string>();
  /** By node: the time of its last change of availability. */
  readonly #available = new Map<string, { readonly is: boolean; readonly sinceMs: number }>();
  readonly #offeredMs = new Map<string, number>();
  #byHandMs = -Infinity;

  constructor(fleet: Fleet, policy: Partial<FleetPolicy>, violated: (what: string) => void) {
    this.#fleet = fleet;
    this.#policy = policy;
    this.#violated = violated;
    for (const node of fleet.cluster.nodes) this.#noteAvailability(node);
  }

  /** An administrator has written to a shadow: from then on, its spec is not a decision of the controller. */
  byHand(): void {
    this.#byHandMs = this.#now;
  }

  get #now(): number {
    return this.#fleet.clock.monotonic();
  }

  observeShadow(shadow: BottlerocketShadow): void {
    const node = nodeNameOf(shadow) ?? '';
    const before = this.#states.get(node) ?? 'Idle';
    const { state } = shadow.spec;
    this.#states.set(node, state);
    if (state === 'RebootedIntoUpdate') this.#permitted.add(node);
    else if (this.#permitted.delete(node)) this.#permittedMs.set(node, this.#now);
    if (state === before || this.#byHandMs === this.#now) return;
    const begins = (before === 'Idle' && state === 'StagedAndPerformedUpdate') || state === 'RebootedIntoUpdate';
    if (!begins) return;
    if (!this.#isWindowOpen()) this.#violated(`the desired state of ${node} becomes ${state} outside the update window`);
    if (state === 'RebootedIntoUpdate') this.#checkUnavailable(node);
  }

  observeNode(before: NodeObject | undefined, after: NodeObject | undefined): void {
    const name = (after ?? before)?.metadata.name ?? '';
    if (after === undefined) {
      this.#available.delete(name);
      return;
    }
    this.#noteAvailability(after);
    const hasAnnotation = (node: NodeObject | undefined, key: string): boolean => node?.metadata.annotations?.[key] !== undefined;
    for (const mark of [CORDONED_ANNOTATION, EXCLUDED_FROM_LB_ANNOTATION])
      if (!hasAnnotation(before, mark) && hasAnnotation(after, mark)) this.#checkPermitted(name, `gets the annotation ${mark}`);
  }

  /** Must be called before the request to reboot. */
  observeReboot(node: string): void {
    this.#checkPermitted(node, 'is rebooted');
    const version = this.#fleet.cluster.host(node).updateStatus?.staged ?? undefined;
    if (version === undefined || this.#now - (this.#offeredMs.get(version) ?? -Infinity) <= OFFERED_MS) return;
    this.#violated(`${node} is rebooted into ${version}, which has not been offered for long`);
  }

  /** Must be called often enough to record each offer. */
  noteOffers(): void {
    for (const version of this.#fleet.cluster.repository.available) this.#offeredMs.set(version, this.#now);
  }

  #checkPermitted(node: string, what: string): void {
    if (this.#permitted.has(node) || this.#now - (this.#permittedMs.get(node) ?? -Infinity) <= TAKES_EFFECT_MS) return;
    this.#violated(`${node} ${what} without a permission`);
  }

  /** By the clocks of all nodes, one of which has the controller. The window of a trigger has no fixed end, and is not checked. */
  #isWindowOpen(): boolean {
    const { window } = this.#policy;
    if (window?.kind !== 'daily') return true;
    const { clock, skewMs } = this.#fleet;
    return [0, ...skewMs.values()].some((skew) => [-MINUTE, 0].some((early) => windowAt(window, clock.now() + skew + early).open));
  }

  /** Of the managed nodes, as docs/operations.md says: one that has lost its label, and that someone has cordoned, does not count. */
  #checkUnavailable(node: string): void {
    const managed = this.#fleet.cluster.nodes.filter(
      ({ metadata }) => metadata.labels?.[UPDATER_INTERFACE_LABEL] === UPDATER_INTERFACE_VERSION,
    );
    const names = managed.map(({ metadata }) => metadata.name);
    const limit = limitOf(this.#policy, names.length);
    const isAway = (name: string): boolean => {
      const { is, sinceMs } = this.#available.get(name) ?? { is: true, sinceMs: 0 };
      return !is && this.#now - sinceMs > UNSEEN_MS;
    };
    const away = names.filter((name) => name !== node && isAway(name));
    if (away.length >= limit && !isAway(node))
      this.#violated(`${node} may reboot while ${away.join(', ')} are unavailable, of ${String(limit)} that may be`);
  }

  #noteAvailability({ metadata: { name }, spec, status }: NodeObject): void {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    const is = ready && spec?.unschedulable !== true;
    if (this.#available.get(name)?.is !== is) this.#available.set(name, { is, sinceMs: this.#now });
  }
}

/** The number of nodes that may be unavailable, as documented, independent of the controller's code. */
function limitOf({ maxUnavailable: limit }: Partial<FleetPolicy>, nodes: number): number {
  if (limit === undefined) return Infinity;
  return 'count' in limit ? limit.count : Math.max(1, Math.floor((nodes * limit.percent) / 100));
}
