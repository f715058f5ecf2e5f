import { bundleText, distinct, type Certificate } from './certificate.ts';
import type { Validity } from './issue.ts';
import type { CertificatePolicy } from './policy.ts';

/** A stored list of trusted authorities, and the authorities that could be parsed from it. */
export interface Bundle {
  readonly text: string;
  readonly authorities: readonly Certificate[];
}

/** The bundle of a webhook. */
export interface WebhookBundle extends Bundle {
  /** Whether cert-manager is configured to write it, and would overwrite ours. */
  readonly injected: boolean;
}

/**
 * Everything that a plan depends on, except the time. It contains no keys: a certificate whose key is missing or does not match is absent.
 */
export interface CertificateObservation {
  readonly authority: {
    /** Signs new certificates once it is trusted everywhere. */
    readonly current?: Certificate;
    /** Signs new certificates until `current` is trusted everywhere. */
    readonly previous?: Certificate;
    /** All trusted authorities: the source of the copies below. */
    readonly bundle: Bundle;
    /** Whether a new authority was requested. */
    readonly renewalRequested: boolean;
  };
  readonly serving: {
    readonly leaf?: Certificate;
    /** The authority that signed the leaf, among all observed authorities. */
    readonly issuer?: Certificate;
    readonly namesCovered: boolean;
    readonly bundle: Bundle;
  };
  /** The bundle that clients mount. */
  readonly trust: Bundle;
  /** The bundle that kube-apiserver uses to call the webhook; undefined if there is no webhook. */
  readonly webhook: WebhookBundle | undefined;
  /** How long all of the above has been unchanged, by the monotonic clock. */
  readonly settledForMs: number;
}

/** Which authority signs. */
export type Signer = 'current' | 'previous';

/** Where a copy of the bundle is stored. */
export type BundlePlace = 'authority' | 'trust' | 'webhook' | 'serving';

/** One write, to one object. */
export type CertificateStep =
  | {
      readonly kind: 'create-authority';
      readonly reason: 'AuthorityMissing';
      readonly validity: Validity;
      readonly keep: readonly Certificate[];
    }
  | {
      readonly kind: 'renew-authority';
      readonly reason: 'AuthorityExpires' | 'RenewalRequested';
      readonly validity: Validity;
      readonly keep: readonly Certificate[];
    }
  | { readonly kind: 'publish-bundle'; readonly reason: 'BundleDiffers'; readonly place: BundlePlace; readonly bundle: string }
  | {
      readonly kind: 'issue-serving';
      readonly reason: 'ServingMissing' | 'ServingUntrusted' | 'NamesChanged' | 'ServingExpires' | 'AuthorityChanged';
      readonly signer: Signer;
      readonly validity: Validity;
      readonly bundle: string;
    }
  | { readonly kind: 'retire-authorities'; readonly reason: 'NoLongerUsed'; readonly bundle: string };

/** The next write, or how long to wait. */
export type CertificatePlan =
  | { readonly kind: 'step'; readonly step: CertificateStep }
  | { readonly kind: 'wait'; readonly waitMs: number; readonly reason: 'Propagating' | 'UpToDate' };

/**
 * Decides the next write. Trust precedes use: an authority is in every bundle for `propagationMs` before it signs, and stays there
 * for as long after the last certificate that it signed was replaced. A validity period always includes that of the one before it, so a
 * wall clock that jumps, in either direction, never issues a certificate that peers with a correct clock would reject.
 */
export function planCertificates(observed: CertificateObservation, now: number, policy: CertificatePolicy): CertificatePlan {
  const { authority, serving } = observed;
  const { current, previous } = authority;
  if (current === undefined) return createAuthority(observed, now, policy);

  const wanted = distinct([current, ...listOf(previous), ...authority.bundle.authorities, ...listOf(serving.issuer)]);
  const bundle = bundleText(wanted);
  const publish = (place: BundlePlace, { text }: Bundle, always = false): CertificateStep | undefined =>
    text === bundle && !always ? undefined : { kind: 'publish-bundle', reason: 'BundleDiffers', place, bundle };
  const webhook = observed.webhook === undefined ? undefined : publish('webhook', observed.webhook, observed.webhook.injected);
  const copies = [publish('authority', authority.bundle), publish('trust', observed.trust), webhook, publish('serving', serving.bundle)];
  const inSync = copies.every((copy) => copy === undefined);
  const settled = inSync && observed.settledForMs >= policy.propagationMs;
  const issue = issueServing(observed, current, settled, bundle, now, policy);

  const step =
    copies[0] ??
    copies[1] ??
    // Without a valid certificate no server runs, and the webhook is useless.
    (issue !== undefined && isBroken(issue) ? issue : undefined) ??
    copies[2] ??
    copies[3] ??
    renewAuthority(observed, current, wanted, now, policy) ??
    issue ??
    retire(observed, current, wanted, settled);
  if (step !== undefined) return { kind: 'step', step };

  if (wanted.length > 1 || serving.issuer?.fingerprint !== current.fingerprint) {
    return { kind: 'wait', waitMs: Math.max(0, policy.propagationMs - observed.settledForMs), reason: 'Propagating' };
  }
  const servingDueMs = (serving.leaf?.notAfterMs ?? now) - policy.servingRenewBeforeMs;
  const dueMs = Math.min(servingDueMs, current.notAfterMs - policy.authorityRenewBeforeMs);
  return { kind: 'wait', waitMs: Math.max(0, dueMs - now), reason: 'UpToDate' };
}

/**
 * Creates the first authority, or replaces a lost one. Everything that clients may still trust stays trusted until the new one has
 * propagated.
 */
function createAuthority(
  { authority, serving, trust, webhook }: CertificateObservation,
  now: number,
  policy: CertificatePolicy,
): CertificatePlan {
  const known = [authority.bundle, serving.bundle, trust, ...listOf(webhook)].flatMap(({ authorities }) => authorities);
  const keep = distinct([...listOf(authority.previous), ...known]);
  return {
    kind: 'step',
    step: { kind: 'create-authority', reason: 'AuthorityMissing', validity: authorityValidity(keep, now, policy), keep },
  };
}

/** Starts a rotation only after the previous one has ended. */
function renewAuthority(
  { authority, serving }: CertificateObservation,
  current: Certificate,
  wanted: readonly Certificate[],
  now: number,
  policy: CertificatePolicy,
): CertificateStep | undefined {
  const due = isDue(current, now, policy.authorityRenewBeforeMs);
  if (!due && !authority.renewalRequested) return undefined;
  if (wanted.length > 1 || serving.issuer?.fingerprint !== current.fingerprint) return undefined;
  const reason = due ? 'AuthorityExpires' : 'RenewalRequested';
  return { kind: 'renew-authority', reason, validity: authorityValidity([current], now, policy), keep: [current] };
}

type IssueStep = Extract<CertificateStep, { kind: 'issue-serving' }>;

function issueServing(
  { authority, serving }: CertificateObservation,
  current: Certificate,
  settled: boolean,
  bundle: string,
  now: number,
  policy: CertificatePolicy,
): IssueStep | undefined {
  const { leaf, issuer } = serving;
  const signer: Signer = settled || authority.previous === undefined ? 'current' : 'previous';
  const signing = signer === 'current' ? current : (authority.previous ?? current);
  const validity = servingValidity(signing, leaf, now, policy);
  const step = (reason: IssueStep['reason']): IssueStep => ({ kind: 'issue-serving', reason, signer, validity, bundle });
  if (leaf === undefined) return step('ServingMissing');
  if (issuer === undefined) return step('ServingUntrusted');
  const trusted = settled || issuer.fingerprint === signing.fingerprint;
  if (!serving.namesCovered && trusted) return step('NamesChanged');
  if (settled && issuer.fingerprint !== current.fingerprint) return step('AuthorityChanged');
  // A new certificate with no longer validity, because the authority also expires, would be issued again and again.
  const better = validity.notAfterMs > leaf.notAfterMs || validity.notBeforeMs < leaf.notBeforeMs;
  return trusted && better && isDue(leaf, now, policy.servingRenewBeforeMs) ? step('ServingExpires') : undefined;
}

const isBroken = ({ reason }: IssueStep): boolean => reason === 'ServingMissing' || reason === 'ServingUntrusted';

function retire(
  { serving }: CertificateObservation,
  current: Certificate,
  wanted: readonly Certificate[],
  settled: boolean,
): CertificateStep | undefined {
  if (!settled || wanted.length === 1 || serving.issuer?.fingerprint !== current.fingerprint) return undefined;
  return { kind: 'retire-authorities', reason: 'NoLongerUsed', bundle: bundleText([current]) };
}

const isDue = ({ notBeforeMs, notAfterMs }: Certificate, now: number, renewBeforeMs: number): boolean =>
  now < notBeforeMs || now >= notAfterMs - renewBeforeMs;

function authorityValidity(previous: readonly Certificate[], now: number, policy: CertificatePolicy): Validity {
  return {
    notBeforeMs: wholeSeconds(Math.min(now - policy.backdateMs, ...previous.map(({ notBeforeMs }) => notBeforeMs))),
    notAfterMs: wholeSeconds(Math.max(now + policy.authorityLifetimeMs, ...previous.map(({ notAfterMs }) => notAfterMs))),
  };
}

function servingValidity(signer: Certificate, previous: Certificate | undefined, now: number, policy: CertificatePolicy): Validity {
  const wantedMs = Math.max(now + policy.servingLifetimeMs, previous?.notAfterMs ?? 0);
  return { notBeforeMs: signer.notBeforeMs, notAfterMs: wholeSeconds(Math.min(wantedMs, signer.notAfterMs)) };
}

// X.509 has no fractions of a second.
const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

const listOf = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);
