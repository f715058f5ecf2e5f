import type { ShadowSpec } from '@brupop/crd-models';
import type { WindowState } from '../../window/window-state.ts';
import type { ChangeReason, HoldReason } from './reasons.ts';

interface ChangeOfShadow {
  readonly node: string;
  /** Name of the shadow. */
  readonly shadow: string;
  /** The change is meant for this very version of the shadow, and for no other. */
  readonly resourceVersion: string;
  readonly reason: ChangeReason;
  /** For people. */
  readonly message: string;
}

/** One write to make. */
export type FleetChange =
  | (ChangeOfShadow & {
      readonly kind: 'spec';
      readonly spec: ShadowSpec;
      /** Value to give `WINDOW_ANNOTATION` together with the spec; null: remove it; absent: there is none, and none is needed. */
      readonly windowAnnotation?: string | null;
      /** Value to give `ATTEMPTS_ANNOTATION` together with the spec; null: remove it; absent: leave it as it is. */
      readonly attemptsAnnotation?: string | null;
    })
  | (ChangeOfShadow & { readonly kind: 'delete-shadow'; readonly uid: string });

/** Why a node is left as it is, and until when if time alone may change that. */
export interface FleetHold {
  readonly node: string;
  readonly reason: HoldReason;
  /** For people. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly until?: number;
  /** Since when, if the cluster tells. Milliseconds since the epoch. */
  readonly since?: number;
  /** Whether it has lasted for longer than it should have, see `followHolds`. A plan alone does not know. */
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

/** What to do now, and why nothing more. */
export interface FleetPlan {
  /** In the order in which to make them. At most one for a node. */
  readonly changes: readonly FleetChange[];
  /** One for every other node that is managed, or that an update has left something on. Those that wait for a slot, or for the window, stand in the order of their turn. */
  readonly holds: readonly FleetHold[];
  readonly window: WindowState;
  /** Once the changes are made. */
  readonly budget: BudgetUse;
  /** When to plan again even if nothing is seen to change, milliseconds since the epoch; undefined: never. */
  readonly recheckAt: number | undefined;
}
