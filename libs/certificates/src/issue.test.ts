import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { canSign } from './signing-key.ts';
import { issueAuthority, issueCertificate } from './issue.ts';
import type { KeyPair } from './signing-key.ts';

const VALIDITY = { notBeforeMs: Date.now() - 3_600_000, notAfterMs: Date.now() + 3_600_000 };
const NAMES = ['*.ns.svc', 'localhost', '127.0.0.1', '::1'];

/** The result for a client that trusts `ca`: the protocol, or the error code. */
async function handshake(server: KeyPair, ca: string, servername = 'a.ns.svc'): Promise<string | null | undefined> {
  const listening = createServer({ cert: server.certPem, key: server.keyPem }, (socket) => socket.end()).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const socket = connect({ host: '127.0.0.1', port: (listening.address() as AddressInfo).port, ca, servername });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
    listening.close();
  }
}

describe(issueCertificate, () => {
  test('issues a certificate that a client accepts if its bundle contains the authority', async () => {
    const [authority, other] = [await issueAuthority('ca', VALIDITY), await issueAuthority('ca', VALIDITY)];
    const leaf = await issueCertificate(authority, { commonName: 'leaf', names: NAMES, ...VALIDITY });
    expect(await handshake(leaf, authority.certPem)).toBe('TLSv1.3');
    expect(await handshake(leaf, other.certPem + authority.certPem)).toBe('TLSv1.3');
    expect(await handshake(leaf, other.certPem)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await handshake(leaf, authority.certPem, 'a.other.svc')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('sets purposes and names', async () => {
    const authority = await issueAuthority('ca', VALIDITY);
    const ca = new X509Certificate(authority.certPem);
    const leaf = new X509Certificate((await issueCertificate(authority, { commonName: 'leaf', names: NAMES, ...VALIDITY })).certPem);
    expect([ca.ca, ca.checkIssued(ca), leaf.ca, leaf.checkIssued(ca)]).toEqual([true, true, false, true]);
    expect(leaf.subjectAltName).toBe('DNS:*.ns.svc, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  test.each([
    { name: 'RSA, as cert-manager makes it', keyPem: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, good: true },
    { name: 'EC on P-384', keyPem: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, good: true },
    { name: 'Ed25519', keyPem: generateKeyPairSync('ed25519').privateKey, good: false },
  ])('an authority with a key of $name can be used: $good', async ({ keyPem, good }) => {
    const pem = keyPem.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(canSign(pem)).toBe(good);
    const { certPem } = await issueAuthority('ca', VALIDITY);
    const signed = issueCertificate({ certPem, keyPem: pem }, { commonName: 'leaf', names: [], ...VALIDITY });
    await (good ? expect(signed).resolves.toBeDefined() : expect(signed).rejects.toThrow('cannot sign'));
  });
});
