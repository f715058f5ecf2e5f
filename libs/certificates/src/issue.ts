// The X.509 library uses decorators, which require this import first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { ECDSA_SHA256, signingAlgorithm, type KeyPair } from './signing-key.ts';

/** When a certificate is valid, milliseconds since the Unix epoch. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * Issues a self-signed authority with an EC P-256 key. Its subject is `commonName` with a random suffix, so that every subject is unique.
 */
export async function issueAuthority(commonName: string, validity: Validity): Promise<KeyPair> {
  const keys = await generate();
  const name = [{ CN: [`${commonName}-${randomBytes(4).toString('hex')}`] }];
  const certificate = await x509.X509CertificateGenerator.create({
    ...template(keys, validity),
    subject: name,
    issuer: name,
    signingKey: keys.privateKey,
    signingAlgorithm: ECDSA_SHA256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return exported(certificate, keys);
}

/**
 * Issues a certificate for servers and clients, signed by `authority`.
 * @param names DNS names, wildcards and IP addresses
 */
export async function issueCertificate(
  authority: KeyPair,
  { commonName, names, ...validity }: { readonly commonName: string; readonly names: readonly string[] } & Validity,
): Promise<KeyPair> {
  const keys = await generate();
  const issuer = new x509.X509Certificate(authority.certPem);
  const { key, algorithm } = await importSigningKey(authority.keyPem);
  const certificate = await x509.X509CertificateGenerator.create({
    ...template(keys, validity),
    subject: [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await authorityKeyIdentifier(issuer),
      ...(names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })))]),
    ],
  });
  return exported(certificate, keys);
}

/** The key identifier in the authority itself: authorities compute it in different ways, and verifiers require the two to be equal. */
async function authorityKeyIdentifier(issuer: x509.X509Certificate): Promise<x509.AuthorityKeyIdentifierExtension> {
  const own = issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return own === undefined ? x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey) : new x509.AuthorityKeyIdentifierExtension(own);
}

type KeyObjects = webcrypto.CryptoKeyPair;

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const generate = (): Promise<KeyObjects> => webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);

function template(keys: KeyObjects, { notBeforeMs, notAfterMs }: Validity) {
  return {
    // The leading byte makes the number positive.
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    publicKey: keys.publicKey,
  };
}

async function importSigningKey(pem: string) {
  const key = createPrivateKey(pem);
  const algorithm = signingAlgorithm(key);
  if (algorithm === undefined) throw new TypeError('a key of this type cannot sign certificates');
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await webcrypto.subtle.importKey('pkcs8', der, algorithm.import, false, ['sign']), algorithm: algorithm.sign };
}

async function exported(certificate: x509.X509Certificate, keys: KeyObjects): Promise<KeyPair> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certPem: `${certificate.toString('pem').trim()}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
