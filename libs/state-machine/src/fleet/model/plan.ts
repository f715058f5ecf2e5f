import type { ShadowSpec } from '@brupop/crd-models';
import type { WindowState } from '../../window/window-state.ts';
import type { ChangeReason, HoldReason } from './reasons.ts';

interface ChangeOfShadow {
  readonly node: string;
  /** Name of the shadow. */
  readonly shadow: string;
  /** The version of the shadow that the change applies to. */
  readonly resourceVersion: string;
  readonly reason: ChangeReason;
  /** For people. */
  readonly message: string;
}

/** A write that the plan makes. */
export type FleetChange =
  | (ChangeOfShadow & {
      readonly kind: 'spec';
      readonly spec: ShadowSpec;
      /** The value of `WINDOW_ANNOTATION` to write with the spec; null: remove it; absent: leave it as it is. */
      readonly windowAnnotation?: string | null;
      /** The value of `ATTEMPTS_ANNOTATION` to write with the spec; null: remove it; absent: leave it as it is. */
      readonly attemptsAnnotation?: string | null;
    })
  | (ChangeOfShadow & { readonly kind: 'delete-shadow'; readonly uid: string });

/** Why a node takes no step now, and until when if that may change with time alone. */
export interface FleetHold {
  readonly node: string;
  readonly reason: HoldReason;
  /** For people. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly until?: number;
  /** Since when, if known. Milliseconds since the epoch. */
  readonly since?: number;
  /** Whether it has lasted longer than it should, see `followHolds`. {@link planFleet} does not set it. */
  readonly lasting?: boolean;
}

/** The limits on updates, and the nodes that use them. */
export interface BudgetUse {
  readonly maxConcurrentUpdates: number | 'unlimited';
  /** Names of the nodes that use a slot. */
  readonly slots: readonly string[];
  /** `undefined`: no limit. */
  readonly maxUnavailable: number | undefined;
  /** Names of the managed nodes that are not Ready, cordoned for any reason, or may become so at any moment. */
  readonly unavailable: readonly string[];
}

/** The steps that nodes take now, and why the others take none. */
export interface FleetPlan {
  /** In the order in which to make them. At most one for each node. */
  readonly changes: readonly FleetChange[];
  /** One for every other managed or unavailable node. Those that wait for a slot or the window are in the order of their start. */
  readonly holds: readonly FleetHold[];
  readonly window: WindowState;
  /** The budget after the changes. */
  readonly budget: BudgetUse;
  /** When to plan again even if no event arrives, milliseconds since the epoch; undefined: never. */
  readonly recheckAt: number | undefined;
}
