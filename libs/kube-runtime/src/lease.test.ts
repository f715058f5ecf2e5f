import { describe, expect, test } from '@jest/globals';
import { mayHold, observeLease, released, withHolder } from './lease.ts';
import { formatMicroTime } from '@brupop/kube-objects';
import type { Lease } from '@brupop/kube-objects';

const aLease = (holderIdentity: string | undefined, resourceVersion = '1'): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l', namespace: 'ns', resourceVersion },
  ...(holderIdentity === undefined
    ? {}
    : { spec: { holderIdentity, leaseDurationSeconds: 15, acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 } }),
});

describe(mayHold, () => {
  test.each([
    { name: 'a lease without a record', lease: aLease(undefined), nowMs: 0, may: true },
    { name: 'a released lease', lease: aLease(''), nowMs: 0, may: true },
    { name: 'our own lease', lease: aLease('me'), nowMs: 0, may: true },
    { name: "another's lease", lease: aLease('you'), nowMs: 15_999, may: false },
    { name: "another's lease that has not changed for its duration", lease: aLease('you'), nowMs: 16_000, may: true },
  ])('$name: $may', ({ lease, nowMs, may }) => {
    expect(mayHold({ lease, seenMs: 1_000 }, 'me', nowMs)).toBe(may);
  });
});

describe(observeLease, () => {
  test('counts from the last change, not from the last read', () => {
    const first = observeLease(undefined, aLease('you', '1'), 1_000);
    expect(observeLease(first, aLease('you', '1'), 9_000).seenMs).toBe(1_000);
    expect(observeLease(first, aLease('you', '2'), 9_000).seenMs).toBe(9_000);
  });
});

describe(withHolder, () => {
  const now = Date.UTC(2026, 0, 5);
  test.each([
    {
      name: 'a new lease has no transitions',
      lease: { ...aLease(undefined), metadata: { name: 'l' } },
      acquireTime: formatMicroTime(now),
      leaseTransitions: 0,
    },
    { name: 'taking over is a transition', lease: aLease('you'), acquireTime: formatMicroTime(now), leaseTransitions: 5 },
    { name: 'renewing is no transition', lease: aLease('me'), acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 },
  ])('$name', ({ lease, acquireTime, leaseTransitions }) => {
    expect(withHolder(lease, 'me', 15_000, now).spec).toEqual({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime,
      renewTime: '2026-01-05T00:00:00.000000Z',
      leaseTransitions,
    });
  });
});

describe(released, () => {
  test('leaves no holder, and keeps count', () => {
    expect(released(aLease('me'), 0).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 4 });
  });
});
