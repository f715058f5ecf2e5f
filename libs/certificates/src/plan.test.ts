import { describe, expect, test } from '@jest/globals';
import type { Certificate } from './certificate.ts';
import { planCertificates } from './plan.ts';
import type { Bundle, CertificateObservation } from './plan.ts';
import { DEFAULT_POLICY } from './policy.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const POLICY = { ...DEFAULT_POLICY, names: ['server.ns.svc'] };
const PROPAGATED = POLICY.propagationMs;

function aCertificate(name: string, endsInDays: number, beganDaysAgo = 1): Certificate {
  return { pem: `${name}\n`, fingerprint: name, notBeforeMs: NOW - beganDaysAgo * DAY_MS, notAfterMs: NOW + endsInDays * DAY_MS };
}
const A = aCertificate('A', 300);
const B = aCertificate('B', 360);
const OLD_A = aCertificate('A', 119);
const LEAF = aCertificate('leaf', 80);
const bundle = (...authorities: readonly Certificate[]): Bundle => ({ text: authorities.map(({ pem }) => pem).join(''), authorities });

/** Everything in sync, with these authorities trusted everywhere and a leaf signed by the last of them. */
function aWorld(
  authorities: readonly [Certificate, ...Certificate[]],
  { settledForMs = 0, leaf = LEAF, issuer = authorities.at(-1) ?? authorities[0] } = {},
): CertificateObservation {
  const [current, previous] = authorities;
  const all = bundle(...authorities);
  return {
    authority: { current, ...(previous === undefined ? {} : { previous }), bundle: all, renewalRequested: false },
    serving: { leaf, issuer, namesCovered: true, bundle: all },
    trust: all,
    webhook: { ...all, injected: false },
    settledForMs,
  };
}
const settled = { settledForMs: PROPAGATED };
const NOTHING: CertificateObservation = {
  authority: { bundle: bundle(), renewalRequested: false },
  serving: { namesCovered: false, bundle: bundle() },
  trust: bundle(),
  webhook: { ...bundle(), injected: false },
  settledForMs: 0,
};
const fresh = aWorld([A]);

describe(planCertificates, () => {
  test.each<{ name: string; observed: CertificateObservation; step: object }>([
    { name: 'nothing exists: the authority comes first', observed: NOTHING, step: { kind: 'create-authority', keep: [] } },
    {
      name: 'the authority is lost: everything that clients trust stays trusted',
      observed: { ...fresh, authority: NOTHING.authority },
      step: { kind: 'create-authority', keep: [A] },
    },
    {
      name: 'the bundle of clients comes before the certificate',
      observed: { ...NOTHING, authority: fresh.authority },
      step: { kind: 'publish-bundle', place: 'trust' },
    },
    {
      name: 'the certificate comes before the webhook, which does not work without it',
      observed: { ...NOTHING, authority: fresh.authority, trust: bundle(A) },
      step: { kind: 'issue-serving', reason: 'ServingMissing', signer: 'current' },
    },
    {
      name: 'the webhook trusts another authority',
      observed: { ...fresh, webhook: { ...bundle(B), injected: false } },
      step: { kind: 'publish-bundle', place: 'webhook' },
    },
    {
      name: 'cert-manager is configured to write the bundle of the webhook',
      observed: { ...fresh, webhook: { ...bundle(A), injected: true } },
      step: { kind: 'publish-bundle', place: 'webhook' },
    },
    {
      name: 'the certificate expires',
      observed: aWorld([A], { leaf: aCertificate('leaf', 29) }),
      step: { kind: 'issue-serving', reason: 'ServingExpires' },
    },
    {
      name: 'a name is not covered',
      observed: { ...fresh, serving: { ...fresh.serving, namesCovered: false } },
      step: { kind: 'issue-serving', reason: 'NamesChanged' },
    },
    {
      name: 'the authority expires',
      observed: aWorld([OLD_A]),
      step: { kind: 'renew-authority', reason: 'AuthorityExpires', keep: [OLD_A] },
    },
    {
      name: 'a new authority is requested',
      observed: { ...fresh, authority: { ...fresh.authority, renewalRequested: true } },
      step: { kind: 'renew-authority', reason: 'RenewalRequested' },
    },
    {
      name: 'the new authority is trusted everywhere',
      observed: aWorld([B, A], settled),
      step: { kind: 'issue-serving', reason: 'AuthorityChanged', signer: 'current' },
    },
    {
      name: 'a certificate is lost before the new authority is trusted everywhere: the previous one signs',
      observed: { ...aWorld([B, A]), serving: { namesCovered: false, bundle: bundle(B, A) } },
      step: { kind: 'issue-serving', reason: 'ServingMissing', signer: 'previous' },
    },
    {
      name: 'no certificate of the previous authority is in use',
      observed: aWorld([B, A], { ...settled, issuer: B }),
      step: { kind: 'retire-authorities', bundle: B.pem },
    },
  ])('$name', ({ observed, step }) => {
    expect(planCertificates(observed, NOW, POLICY)).toMatchObject({ kind: 'step', step });
  });

  test.each<{ name: string; observed: CertificateObservation; waitMs: number; reason: string }>([
    { name: 'until the certificate is due', observed: fresh, waitMs: 50 * DAY_MS, reason: 'UpToDate' },
    {
      name: 'until the authority is due, if earlier',
      observed: aWorld([aCertificate('A', 130)]),
      waitMs: 10 * DAY_MS,
      reason: 'UpToDate',
    },
    {
      name: 'until a new authority has propagated',
      observed: aWorld([B, A], { settledForMs: 60_000 }),
      waitMs: PROPAGATED - 60_000,
      reason: 'Propagating',
    },
    {
      name: 'before the previous authority is retired',
      observed: aWorld([B, A], { settledForMs: PROPAGATED - 1, issuer: B }),
      waitMs: 1,
      reason: 'Propagating',
    },
    { name: 'with a rotation while another is in progress', observed: aWorld([OLD_A, B]), waitMs: PROPAGATED, reason: 'Propagating' },
    {
      name: 'if there is no webhook',
      observed: { ...fresh, webhook: undefined },
      waitMs: 50 * DAY_MS,
      reason: 'UpToDate',
    },
  ])('waits $name', ({ observed, waitMs, reason }) => {
    expect(planCertificates(observed, NOW, POLICY)).toEqual({ kind: 'wait', waitMs, reason });
  });

  test('does not reissue a certificate when the authority expires first', () => {
    const ending = aCertificate('A', 20);
    const observed = aWorld([B, ending], { leaf: aCertificate('leaf', 20) });
    expect(planCertificates(observed, NOW, POLICY)).toMatchObject({ kind: 'wait', reason: 'Propagating' });
  });

  test.each([
    { name: 'far ahead', now: NOW + 3650 * DAY_MS },
    { name: 'far behind', now: NOW - 3650 * DAY_MS },
  ])('with a clock $name, a new authority is valid whenever the previous one was', ({ now }) => {
    const plan = planCertificates(fresh, now, POLICY);
    if (plan.kind !== 'step' || plan.step.kind !== 'renew-authority') throw new Error(JSON.stringify(plan));
    expect(plan.step.validity.notBeforeMs).toBeLessThanOrEqual(A.notBeforeMs);
    expect(plan.step.validity.notAfterMs).toBeGreaterThanOrEqual(A.notAfterMs);
  });
});
