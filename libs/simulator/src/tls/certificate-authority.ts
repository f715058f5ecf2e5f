import { issueAuthority, issueCertificate } from '@brupop/certificates';
import { systemClock } from '@brupop/ports';
import type { Clock } from '@brupop/ports';

/** The subject of a certificate. */
export interface IssueOptions {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  /** Default: 30 days. Negative for a certificate that has expired. */
  readonly lifetimeMs?: number;
}

/** A certificate for server and client use, with its private key. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate authority. */
export interface CertificateAuthority {
  readonly caPem: string;
  issue(options: IssueOptions): Promise<IssuedCertificate>;
}

const DAY_MS = 86_400_000;
const CLOCK_SKEW_MS = 300_000;

/**
 * Makes a certificate authority. Nothing is written to disk.
 * @param clock the time of issue; TLS peers compare it with the machine's
 */
export async function createCertificateAuthority(clock: Clock = systemClock, commonName = 'simulator-ca'): Promise<CertificateAuthority> {
  const nowMs = clock.now();
  const authority = await issueAuthority(commonName, { notBeforeMs: nowMs - CLOCK_SKEW_MS, notAfterMs: nowMs + 3650 * DAY_MS });
  return {
    caPem: authority.certPem,
    issue: ({ commonName: subject, names = [], lifetimeMs = 30 * DAY_MS }) => {
      const notAfterMs = clock.now() + lifetimeMs;
      return issueCertificate(authority, {
        commonName: subject,
        names,
        notBeforeMs: Math.min(clock.now(), notAfterMs) - CLOCK_SKEW_MS,
        notAfterMs,
      });
    },
  };
}
