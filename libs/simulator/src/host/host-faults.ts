/** How often a fault occurs. */
export type Times = number | 'always';

/** Faults that occur a number of times. */
export type CountedFault = 'download' | 'otherWords' | 'boot' | 'rebootRefused' | 'childDies' | 'refresh' | 'unparsable' | 'comeBack';

/** The effects that faults have on the host immediately. */
export interface HostFaultHooks {
  /** Holds the update lock for `ms`. */
  readonly holdLock: (ms: number) => void;
  /** Makes every mount of the socket dead. */
  readonly replaceSocket: () => void;
}

/** Faults of one host. Each method sets a fault; the times are counted down as it occurs. */
export class HostFaults {
  readonly #left = new Map<CountedFault, Times>();
  readonly #hooks: HostFaultHooks;
  #stallMs = 0;
  /** The update state that the host reports instead of its own. */
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

  /** The next requests to reboot are answered with 500, as with an inhibitor. */
  rebootRefused(times: Times = 1): void {
    this.#left.set('rebootRefused', times);
  }

  /** The next children die: the answer is 204, then nothing changes. */
  childDies(times: Times = 1): void {
    this.#left.set('childDies', times);
  }

  /** The next refreshes fail. */
  refreshFails(times: Times = 1): void {
    this.#left.set('refresh', times);
  }

  /** The next refreshes exit with success, but with unreadable output. */
  unparsableOutput(times: Times = 1): void {
    this.#left.set('unparsable', times);
  }

  /** The next downloads (`prepare`) do not print the version that they download, as some updaters. */
  otherWords(times: Times = 1): void {
    this.#left.set('otherWords', times);
  }

  /** The host goes down at its next reboot and stays down until `powerOn`. */
  neverComesBack(): void {
    this.#left.set('comeBack', 1);
  }

  /** Another process holds the update lock for `ms`. */
  busy(ms: number): void {
    this.#hooks.holdLock(ms);
  }

  /** The API server restarts: its socket is a new file, and existing mounts stay dead. */
  socketDead(): void {
    this.#hooks.replaceSocket();
  }

  /** The host reports an update state that only newer hosts have, until {@link clear}. */
  reportsState(state: string): void {
    this.unknownState = state;
  }

  /** Nothing listens at the socket, also not at a new mount of it, until {@link clear}. */
  refusesConnections(): void {
    this.#refusesConnections = true;
  }

  /** Whether connections are refused. */
  get isRefusing(): boolean {
    return this.#refusesConnections;
  }

  /** The next request takes `ms` longer; the requests behind it wait. */
  stall(ms: number): void {
    this.#stallMs = ms;
  }

  /** Clears all faults that have not occurred yet. */
  clear(): void {
    this.#left.clear();
    this.#stallMs = 0;
    this.unknownState = undefined;
    this.#refusesConnections = false;
  }

  /** Whether the fault occurs this time; counts it down. */
  take(fault: CountedFault): boolean {
    const left = this.#left.get(fault) ?? 0;
    if (left === 'always') return true;
    if (left <= 0) return false;
    this.#left.set(fault, left - 1);
    return true;
  }

  /** Consumes the delay of the next request, in milliseconds. */
  takeStallMs(): number {
    const stallMs = this.#stallMs;
    this.#stallMs = 0;
    return stallMs;
  }
}
