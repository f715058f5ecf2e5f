import type { Fault } from '@brupop/simulator';
import type { NodeRow } from './fleet-view.ts';

/** Whether a fault is to strike now, and which node if that matters. */
export type Strike = { readonly due: false } | { readonly due: true; readonly node?: string };

/** Says whether the moment of a fault has come, by what the demo shows of the nodes. */
export function strikeAt(moment: Fault['moment'], rows: readonly NodeRow[]): Strike {
  const updating = rows.find(({ wanted }) => wanted !== '-' && wanted !== 'Idle')?.node;
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
