/** How often something shall go wrong. */
export type Times = number | 'always';

/** Faults that last for a number of times. */
export type CountedFault = 'download' | 'otherWords' | 'boot' | 'rebootRefused' | 'childDies' | 'refresh' | 'unparsable' | 'comeBack';

/** What the faults may do to the host at once. */
export interface HostFaultHooks {
  /** Holds the update lock for `ms`. */
  readonly holdLock: (ms: number) => void;
  /** Makes every mount of the socket dead. */
  readonly replaceSocket: () => void;
}

/** Things that go wrong on one host. Each method sets a fault; the times are counted down as they happen. */
export class HostFaults {
  readonly #left = new Map<CountedFault, Times>();
  readonly #hooks: HostFaultHooks;
  #stallMs = 0;
  /** What the host calls its update state instead of its name. */
  unknownState: string | undefined;
  #refusesConnections = false;

  constructor(hooks: HostFaultHooks) {
    this.#hooks = hooks;
  }

  /** The next downloads (`prepare`) fail. */
  downloadFails(times: Times = 1): void {
    this.#left.set('download', times);
  }

  /** The next boots into the other partition fail: the host comes back in its old version. */
  bootFails(times: Times = 1): void {
    this.#left.set('boot', times);
  }

  /** The next requests to reboot are answered 500, as with an inhibitor. */
  rebootRefused(times: Times = 1): void {
    this.#left.set('rebootRefused', times);
  }

  /** The next children die: 204, then nothing changes at all. */
  childDies(times: Times = 1): void {
    this.#left.set('childDies', times);
  }

  /** The next refreshes fail. */
  refreshFails(times: Times = 1): void {
    this.#left.set('refresh', times);
  }

  /** The next refreshes exit with success, but with output that cannot be read. */
  unparsableOutput(times: Times = 1): void {
    this.#left.set('unparsable', times);
  }

  /** The next downloads (`prepare`) are those of an updater that does not say which version it downloads. */
  otherWords(times: Times = 1): void {
    this.#left.set('otherWords', times);
  }

  /** The host goes down at its next reboot and stays down until `powerOn`. */
  neverComesBack(): void {
    this.#left.set('comeBack', 1);
  }

  /** Someone else holds the update lock for `ms`. */
  busy(ms: number): void {
    this.#hooks.holdLock(ms);
  }

  /** The API server restarts: its socket is a new file, and all that is mounted stays dead for good. */
  socketDead(): void {
    this.#hooks.replaceSocket();
  }

  /** The host reports an update state that only newer hosts have, until {@link clear}. */
  reportsState(state: string): void {
    this.unknownState = state;
  }

  /** Nobody listens at the socket, also not at a new mount of it, until {@link clear}. */
  refusesConnections(): void {
    this.#refusesConnections = true;
  }

  /** Whether connections are refused. */
  get isRefusing(): boolean {
    return this.#refusesConnections;
  }

  /** The next request takes `ms` longer; those behind it wait. */
  stall(ms: number): void {
    this.#stallMs = ms;
  }

  /** Forgets all faults that are still to come. */
  clear(): void {
    this.#left.clear();
    this.#stallMs = 0;
    this.unknownState = undefined;
    this.#refusesConnections = false;
  }

  /** Whether the fault happens this time; counts it down. */
  take(fault: CountedFault): boolean {
    const left = this.#left.get(fault) ?? 0;
    if (left === 'always') return true;
    if (left <= 0) return false;
    this.#left.set(fault, left - 1);
    return true;
  }

  /** Takes the delay of the next request, in milliseconds. */
  takeStallMs(): number {
    const stallMs = this.#stallMs;
    this.#stallMs = 0;
    return stallMs;
  }
}
