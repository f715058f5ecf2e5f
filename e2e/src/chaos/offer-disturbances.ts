import { NEW, NEXT, OLD } from '../fleet/versions.ts';
import { busyNodeOf, HOUR, oneOf, undoLater } from './context.ts';
import type { Disturbance } from './context.ts';

/** Disturbances of the offered versions, and of the hosts' reports of them. */
export const OFFER_DISTURBANCES: readonly Disturbance[] = [
  ({ fleet }) => {
    const { available } = fleet.cluster.repository;
    if (!available.includes(NEXT)) fleet.cluster.repository.available = [NEXT, ...available];
    return `publishes ${NEXT}`;
  },
  (context) => {
    const node = busyNodeOf(context);
    const host = context.fleet.cluster.host(node);
    host.versionLock = oneOf(context.random, [OLD, NEW]) ?? 'latest';
    undoLater(context, HOUR, () => {
      host.versionLock = 'latest';
    });
    return `locks ${node} to ${host.versionLock}`;
  },
  (context) => {
    const node = busyNodeOf(context);
    const { faults } = context.fleet.cluster.host(node);
    faults.reportsState('Verifying');
    undoLater(context, HOUR, () => {
      faults.unknownState = undefined;
    });
    return `has the host of ${node} report an unknown state`;
  },
];
