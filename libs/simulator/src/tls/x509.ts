import { createHash, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { bitString, boolean, explicit, implicit, integer, objectIdentifier, octetString, sequence, set, time, utf8String } from './der.ts';

/** What a certificate is to say (RFC 5280). */
export interface CertificateTemplate {
  readonly subject: string;
  readonly issuer: string;
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isCa: boolean;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const DIGITAL_SIGNATURE = 0x80;
const CERT_SIGN_AND_CRL_SIGN = 0x06;

const name = (commonName: string): Buffer => sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
// Any digest that tells keys apart will do.
const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest();

const extension = (oid: string, critical: boolean, content: Uint8Array): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(content));

/** @throws Error for what is no IP address */
function ipOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address)) throw new Error(`not an IP address: ${address}`);
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Buffer.from([...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extensions(template: CertificateTemplate): Buffer {
  const { isCa, subjectKey, issuerKey, dnsNames, ipAddresses } = template;
  const usage = isCa ? DIGITAL_SIGNATURE | CERT_SIGN_AND_CRL_SIGN : DIGITAL_SIGNATURE;
  const all = [
    extension('2.5.29.19', true, isCa ? sequence(boolean(true)) : sequence()),
    extension('2.5.29.15', true, bitString(Buffer.from([usage]), isCa ? 1 : 7)),
    extension('2.5.29.14', false, octetString(keyIdentifier(subjectKey))),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(issuerKey)))),
  ];
  if (!isCa)
    all.push(extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'), objectIdentifier('1.3.6.1.5.5.7.3.2'))));
  const names = [
    ...dnsNames.map((dnsName) => implicit(2, Buffer.from(dnsName, 'ascii'))),
    ...ipAddresses.map((address) => implicit(7, ipOctets(address))),
  ];
  if (names.length > 0) all.push(extension('2.5.29.17', false, sequence(...names)));
  return explicit(3, sequence(...all));
}

/** Makes and signs a certificate; returns it as PEM. */
export function signCertificate(template: CertificateTemplate): string {
  const toSign = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    name(template.issuer),
    sequence(time(template.notBeforeMs), time(template.notAfterMs)),
    name(template.subject),
    spki(template.subjectKey),
    extensions(template),
  );
  const certificate = sequence(toSign, ECDSA_WITH_SHA256, bitString(sign('sha256', toSign, template.signingKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
