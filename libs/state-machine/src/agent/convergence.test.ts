import { describe, expect, test } from '@jest/globals';
import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import * as fc from 'fast-check';
import { decideAction } from './decide-action.ts';
import { withOutcome } from './outcomes.ts';
import { DEFAULT_AGENT_SETTINGS } from './types.ts';
import type { Action, AgentStep, HostCommand, HostObservation, HostUpdateState, StepOutcome } from './types.ts';

const OLD = '1.26.1';
const NEW = '1.27.0';
const OTHER = '1.26.2';
const SETTINGS = { ...DEFAULT_AGENT_SETTINGS, excludeFromLbWaitMs: 30_000, drainTimeoutMs: 900_000 };
const NEXT_STATE: Partial<Record<ShadowState, ShadowState>> = {
  StagedAndPerformedUpdate: 'RebootedIntoUpdate',
  RebootedIntoUpdate: 'MonitoringUpdate',
  MonitoringUpdate: 'Idle',
};

interface Start {
  readonly state: HostUpdateState | 'uninitialized';
  readonly chosen: string | undefined;
  readonly staged: string | undefined;
  readonly offered: string;
  readonly excluded: boolean;
}

/** What may go wrong, each a sequence that ends: after it all goes well. */
interface Faults {
  readonly commandFails: readonly boolean[];
  readonly bootFails: boolean;
  readonly rebootRefused: boolean;
  readonly drainWaits: number;
  /** At which decisions the agent's process dies after the effect and before it remembers or reports it. */
  readonly agentDies: ReadonlySet<number>;
}

/** A host that refuses what a real one refuses, a node, and a controller that knows one update only. */
class World {
  now = Date.UTC(2026, 0, 5);
  version = OLD;
  boots = 1;
  cordoned = false;
  excluded: boolean;
  drainsAfterRollback = 0;
  readonly illegal: string[] = [];
  shadow: Pick<BottlerocketShadow, 'spec' | 'status'>;
  #state: HostUpdateState;
  #initialized: boolean;
  #chosen: string | undefined;
  #staged: string | undefined;
  #last: HostCommand | undefined;
  #commands = 0;
  #drains = 0;
  #rolledBack = false;
  readonly #start: Start;
  readonly #faults: Faults;

  constructor(start: Start, faults: Faults) {
    this.#start = start;
    this.#faults = faults;
    this.#initialized = start.state !== 'uninitialized';
    this.#state = start.state === 'uninitialized' ? 'Idle' : start.state;
    this.#chosen = start.chosen;
    this.#staged = start.staged;
    this.excluded = start.excluded;
    const spec = { state: 'StagedAndPerformedUpdate', version: NEW, state_transition_timestamp: this.#timestamp() } as const;
    this.shadow = { spec, status: { current_version: OLD, target_version: NEW, current_state: 'Idle', crash_count: 0, boot_id: 'boot-1' } };
  }

  get host(): HostObservation {
    if (!this.#initialized) return { version: this.version, status: { kind: 'uninitialized' } };
    const status = {
      kind: 'known',
      updateState: this.#state,
      chosenVersion: this.#chosen,
      stagedVersion: this.#staged,
      mostRecentCommand: this.#last,
    } as const;
    return { version: this.version, status };
  }

  get settled(): boolean {
    return this.shadow.spec.state === 'Idle' && this.shadow.status?.current_state === 'Idle';
  }

  write(status: ShadowStatus): void {
    this.shadow = { ...this.shadow, status };
  }

  /** The controller. */
  control(): void {
    const { spec, status } = this.shadow;
    const next =
      status?.current_state === 'ErrorReset' ? 'Idle' : status?.current_state === spec.state ? NEXT_STATE[spec.state] : undefined;
    if (next === undefined || (next === 'Idle' && spec.state === 'Idle')) return;
    this.shadow = {
      status: status ?? null,
      spec: { state: next, version: next === 'Idle' ? null : NEW, state_transition_timestamp: this.#timestamp() },
    };
  }

  perform(step: AgentStep): { readonly done: boolean; readonly message: string } | 'rebooted' {
    switch (step) {
      case 'refresh':
      case 'prepare':
      case 'activate':
      case 'deactivate':
        return this.#command(step);
      case 'exclude-from-lb':
        this.excluded = true;
        break;
      case 'cordon-and-drain':
        this.cordoned = true;
        if (this.#rolledBack) this.drainsAfterRollback++;
        if (this.#drains++ < this.#faults.drainWaits) return { done: false, message: 'blocked' };
        break;
      case 'uncordon':
        this.cordoned = false;
        break;
      case 'remove-lb-exclusion':
        this.excluded = false;
        break;
      case 'check-health':
        break;
      case 'reboot':
        return this.#reboot();
    }
    return { done: true, message: 'done' };
  }

  #command(type: 'refresh' | 'prepare' | 'activate' | 'deactivate'): { readonly done: boolean; readonly message: string } {
    const legal = {
      refresh: true,
      prepare: this.#state === 'Available' || this.#state === 'Staged',
      activate: this.#state === 'Staged',
      deactivate: this.#state === 'Ready',
    }[type];
    if (!legal || (type !== 'refresh' && !this.#initialized)) this.illegal.push(`${type} from ${this.#state}`);
    this.#initialized = true;
    this.now += 10_000;
    const succeeded = this.#faults.commandFails[this.#commands++] !== true;
    this.#last = { type, succeeded, timestamp: this.#timestamp(), message: 'so it went' };
    if (!succeeded) {
      if (type === 'refresh' && this.#state === 'Available') this.#state = 'Idle';
      return { done: false, message: 'failed' };
    }
    if (type === 'refresh') {
      this.#chosen = this.version === this.#start.offered ? undefined : this.#start.offered;
      if (this.#state === 'Idle' || this.#state === 'Available') this.#state = this.#chosen === undefined ? 'Idle' : 'Available';
    } else if (type === 'prepare') {
      this.#staged = this.#chosen;
      this.#state = 'Staged';
    } else {
      this.#state = type === 'activate' ? 'Ready' : 'Staged';
    }
    return { done: true, message: 'done' };
  }

  #reboot(): { readonly done: boolean; readonly message: string } | 'rebooted' {
    if (this.#faults.rebootRefused) return { done: false, message: 'inhibited' };
    this.boots++;
    this.now += 60_000;
    if (this.#state === 'Ready' && !this.#faults.bootFails) this.version = this.#staged ?? this.version;
    else this.#rolledBack = true;
    this.#initialized = false;
    this.#state = 'Idle';
    this.#chosen = this.#staged = this.#last = undefined;
    return 'rebooted';
  }

  #timestamp(): string {
    return new Date(this.now).toISOString();
  }
}

function run(start: Start, faults: Faults): World {
  const world = new World(start, faults);
  let outcomes: readonly StepOutcome[] = [];
  let lastCheckedAt: number | undefined;
  let phase = world.shadow.spec;
  for (let turn = 0; turn < 500 && !world.settled; turn++) {
    world.control();
    if (world.shadow.spec !== phase) outcomes = [];
    phase = world.shadow.spec;
    const action: Action = decideAction({
      shadow: world.shadow,
      host: world.host,
      bootId: `boot-${String(world.boots)}`,
      now: world.now,
      settings: SETTINGS,
      lastCheckedAt,
      outcomes,
    });
    const dies = faults.agentDies.has(turn);
    if (action.kind === 'wait') {
      world.now = Math.max(world.now + 1_000, Math.min(action.until ?? 0, world.now + 120_000));
    } else if (action.kind === 'report') {
      // Of a lost report nothing may be missing in the end.
      if (!dies) world.write(action.status);
      outcomes = [];
    } else {
      const result = world.perform(action.kind);
      world.now += 1_000;
      if (result === 'rebooted') {
        outcomes = [];
        lastCheckedAt = undefined;
      } else {
        outcomes = withOutcome(outcomes, { step: action.kind, at: world.now, ...result });
        if (action.kind === 'refresh') lastCheckedAt = world.now;
      }
    }
    if (dies) {
      outcomes = [];
      lastCheckedAt = undefined;
    }
  }
  return world;
}

const version = fc.constantFrom(NEW, OTHER, undefined);
const start: fc.Arbitrary<Start> = fc.record({
  state: fc.constantFrom('Idle' as const, 'Available' as const, 'Staged' as const, 'Ready' as const, 'uninitialized' as const),
  chosen: version,
  staged: version,
  offered: fc.constantFrom(NEW, NEW, OTHER),
  excluded: fc.boolean(),
});
const faults: fc.Arbitrary<Faults> = fc.record({
  commandFails: fc.array(fc.boolean(), { maxLength: 6 }),
  bootFails: fc.boolean(),
  rebootRefused: fc.boolean(),
  drainWaits: fc.constantFrom(0, 0, 3, 100_000),
  agentDies: fc.array(fc.nat(60), { maxLength: 6 }).map((turns) => new Set(turns)),
});
const WELL: Faults = { commandFails: [], bootFails: false, rebootRefused: false, drainWaits: 0, agentDies: new Set() };

describe('decideAction, repeated', () => {
  test('brings a host from any state to the desired version without faults', () => {
    fc.assert(
      fc.property(start, (given) => {
        const world = run({ ...given, offered: NEW }, WELL);
        expect({ settled: world.settled, version: world.version, crashes: world.shadow.status?.crash_count }).toEqual({
          settled: true,
          version: NEW,
          crashes: 0,
        });
      }),
    );
  });

  test('ends under any fault, with the node restored and no more than one failure counted', () => {
    fc.assert(
      fc.property(start, faults, (given, wrong) => {
        const world = run(given, wrong);
        const crashes = world.shadow.status?.crash_count ?? 0;
        expect({
          settled: world.settled,
          cordoned: world.cordoned,
          excluded: world.excluded && world.version === NEW,
          progress: world.shadow.status?.progress ?? null,
          failedOnce: crashes <= 1,
          drainsAfterRollback: world.drainsAfterRollback,
        }).toEqual({ settled: true, cordoned: false, excluded: false, progress: null, failedOnce: true, drainsAfterRollback: 0 });
      }),
      { numRuns: 500 },
    );
  });

  test('never requests what the host refuses', () => {
    fc.assert(
      fc.property(start, faults, (given, wrong) => {
        expect(run(given, wrong).illegal).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
