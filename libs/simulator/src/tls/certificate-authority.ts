import { generateKeyPairSync } from 'node:crypto';
import { systemClock } from '@brupop/ports';
import type { Clock } from '@brupop/ports';
import { signCertificate } from './x509.ts';

/** Whom a certificate is for. */
export interface IssueOptions {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Default: 30 days. Negative for a certificate that has expired. */
  readonly lifetimeMs?: number;
}

/** A certificate for server and client use, with its private key. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate authority of its own. */
export interface CertificateAuthority {
  readonly caPem: string;
  issue(options: IssueOptions): IssuedCertificate;
}

const DAY_MS = 86_400_000;
const CLOCK_SKEW_MS = 300_000;

/**
 * Makes a certificate authority with an EC P-256 key. Nothing of it is written anywhere.
 * @param clock tells the time of issue; TLS peers compare with the machine's
 */
export function createCertificateAuthority(clock: Clock = systemClock, commonName = 'simulator-ca'): CertificateAuthority {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const shared = { issuer: commonName, issuerKey: ca.publicKey, signingKey: ca.privateKey };
  const caPem = signCertificate({
    ...shared,
    subject: commonName,
    subjectKey: ca.publicKey,
    notBeforeMs: clock.now() - CLOCK_SKEW_MS,
    notAfterMs: clock.now() + 3650 * DAY_MS,
    isCa: true,
    dnsNames: [],
    ipAddresses: [],
  });
  return {
    caPem,
    issue({ commonName: subject, dnsNames = [], ipAddresses = [], lifetimeMs = 30 * DAY_MS }) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const notAfterMs = clock.now() + lifetimeMs;
      const certPem = signCertificate({
        ...shared,
        subject,
        subjectKey: pair.publicKey,
        notBeforeMs: Math.min(clock.now(), notAfterMs) - CLOCK_SKEW_MS,
        notAfterMs,
        isCa: false,
        dnsNames,
        ipAddresses,
      });
      return { certPem, keyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}
