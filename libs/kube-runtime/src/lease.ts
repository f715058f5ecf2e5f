import { formatMicroTime, type Lease } from '@brupop/kube-objects';

/** A lease as last seen, and when: by the monotonic clock of this process, because clocks of holders may differ. */
export interface ObservedLease {
  readonly lease: Lease;
  readonly seenMs: number;
}

/** Keeps the time at which the record last *changed*: an old record that is read again is not a renewal. */
export function observeLease(known: ObservedLease | undefined, lease: Lease, nowMs: number): ObservedLease {
  const unchanged = known !== undefined && known.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
  return unchanged ? known : { lease, seenMs: nowMs };
}

/** Whether `identity` may take (or keep) the lease now. */
export function mayHold({ lease, seenMs }: ObservedLease, identity: string, nowMs: number): boolean {
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder === '' || holder === identity) return true;
  return nowMs >= seenMs + (lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
}

/** The record with `identity` as its holder. */
export function withHolder(lease: Lease, identity: string, durationMs: number, wallMs: number): Lease {
  const former = lease.spec ?? {};
  const kept = former.holderIdentity === identity;
  return {
    ...lease,
    spec: {
      ...former,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1_000),
      acquireTime: kept ? (former.acquireTime ?? formatMicroTime(wallMs)) : formatMicroTime(wallMs),
      renewTime: formatMicroTime(wallMs),
      leaseTransitions: (former.leaseTransitions ?? 0) + (kept || lease.metadata.resourceVersion === undefined ? 0 : 1),
    },
  };
}

/** The record without a holder, so that another process can take the lease at once. */
export function released(lease: Lease, wallMs: number): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: formatMicroTime(wallMs) } };
}
