import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** The public part of a certificate that decisions need. */
export interface Certificate {
  readonly pem: string;
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Parses one certificate; undefined if the text is not a certificate. */
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

/** The distinct authorities in a PEM text. Everything else in it is ignored. */
export function readAuthorities(text: string): readonly Certificate[] {
  return distinct((text.match(BLOCK) ?? []).map(readCertificate).filter((one) => one !== undefined && isAuthority(one)) as Certificate[]);
}

/** The certificates without duplicates. */
export function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return certificates.filter((one, at) => certificates.findIndex(({ fingerprint }) => fingerprint === one.fingerprint) === at);
}

/** The canonical text of a list of certificates. */
export function bundleText(certificates: readonly Certificate[]): string {
  return certificates.map(({ pem }) => pem).join('');
}

/** Whether the certificate may sign others. */
export function isAuthority({ pem }: Certificate): boolean {
  return new X509Certificate(pem).ca;
}

/** Whether the private key belongs to the certificate; false if it is not a key. */
export function keyFits({ pem }: Certificate, keyPem: string): boolean {
  try {
    return new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** The authority that signed the certificate, if it is among `authorities`. */
export function issuerOf({ pem }: Certificate, authorities: readonly Certificate[]): Certificate | undefined {
  const certificate = new X509Certificate(pem);
  return authorities.find((authority) => {
    const issuer = new X509Certificate(authority.pem);
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}

/** Whether the certificate is valid for every name; a wildcard stands for any name that it matches. */
export function coversNames({ pem }: Certificate, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  return names.every((name) => {
    return (isIP(name) === 0 ? certificate.checkHost(name.replace(/^\*/, 'any')) : certificate.checkIP(name)) !== undefined;
  });
}
