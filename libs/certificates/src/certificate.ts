import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate as far as decisions look at it. It holds nothing secret. */
export interface Certificate {
  readonly pem: string;
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Reads one certificate; undefined for anything else. */
export function readCertificate(pem: string): Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    return {
      pem: certificate.toString(),
      fingerprint: certificate.fingerprint256,
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    };
  } catch {
    return undefined;
  }
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The authorities in a PEM text, each once. What is no certificate of an authority is left out. */
export function readAuthorities(text: string): readonly Certificate[] {
  return distinct((text.match(BLOCK) ?? []).map(readCertificate).filter((one) => one !== undefined && isAuthority(one)) as Certificate[]);
}

/** The certificates, the first of equal ones. */
export function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return certificates.filter((one, at) => certificates.findIndex(({ fingerprint }) => fingerprint === one.fingerprint) === at);
}

/** The one text for a list of certificates. */
export function bundleText(certificates: readonly Certificate[]): string {
  return certificates.map(({ pem }) => pem).join('');
}

/** Whether it may sign others. */
export function isAuthority({ pem }: Certificate): boolean {
  return new X509Certificate(pem).ca;
}

/** Whether the private key is the certificate's; false also for what is no key. */
export function keyFits({ pem }: Certificate, keyPem: string): boolean {
  try {
    return new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** The one among `authorities` that has signed the certificate. */
export function issuerOf({ pem }: Certificate, authorities: readonly Certificate[]): Certificate | undefined {
  const certificate = new X509Certificate(pem);
  return authorities.find((authority) => {
    const issuer = new X509Certificate(authority.pem);
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}

/** Whether the certificate is good for every name; a wildcard stands for any name under it. */
export function coversNames({ pem }: Certificate, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  return names.every((name) => {
    return (isIP(name) === 0 ? certificate.checkHost(name.replace(/^\*/, 'any')) : certificate.checkIP(name)) !== undefined;
  });
}
