import type { Fault } from '@brupop/simulator';
import type { NodeRow } from './fleet-view.ts';

/** Whether a fault is due, and on which node if that matters. */
export type Strike = { readonly due: false } | { readonly due: true; readonly node?: string };

/** Decides from the displayed rows whether the moment of a fault has come. */
export function strikeAt(moment: Fault['moment'], rows: readonly NodeRow[]): Strike {
  const updating = rows.find(({ desired }) => desired !== '-' && desired !== 'Idle')?.node;
  switch (moment) {
    case 'at-once':
      return { due: true };
    case 'registered':
      return { due: rows.every(({ state }) => state !== '-') };
    case 'during-update':
      return { due: updating !== undefined };
    case 'on-updated-node':
      return updating === undefined ? { due: false } : { due: true, node: updating };
  }
}
