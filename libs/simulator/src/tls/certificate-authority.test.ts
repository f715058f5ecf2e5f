import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { createCertificateAuthority } from './certificate-authority.ts';
import type { IssueOptions } from './certificate-authority.ts';

const DAY_MS = 86_400_000;

/** Resolves with the client's error code, or with the protocol when the handshake succeeds. */
async function handshake(options: IssueOptions, servername: string, caPem?: string): Promise<string | null | undefined> {
  const authority = await createCertificateAuthority();
  const { certPem, keyPem } = await authority.issue(options);
  const server = createServer({ cert: certPem, key: keyPem }, (socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: caPem ?? authority.caPem, servername });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
    server.close();
  }
}

const SERVER = { commonName: 'server', names: ['localhost', 'a.example', '127.0.0.1', '::1'] };

describe(createCertificateAuthority, () => {
  test('describes itself and the certificates that it issues', async () => {
    const authority = await createCertificateAuthority();
    const ca = new X509Certificate(authority.caPem);
    const issued = new X509Certificate((await authority.issue(SERVER)).certPem);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(issued.ca).toBe(false);
    expect(issued.checkIssued(ca)).toBe(true);
    expect(issued.verify(ca.publicKey)).toBe(true);
    expect(issued.subjectAltName).toBe('DNS:localhost, DNS:a.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(issued.checkHost('a.example')).toBe('a.example');
  });

  test.each([
    { name: 'its own name', options: SERVER, servername: 'a.example', result: 'TLSv1.3' },
    { name: 'another name', options: SERVER, servername: 'b.example', result: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    { name: 'a time after its end', options: { ...SERVER, lifetimeMs: -DAY_MS }, servername: 'a.example', result: 'CERT_HAS_EXPIRED' },
  ])('its certificates are verified correctly for $name', async ({ options, servername, result }) => {
    expect(await handshake(options, servername)).toBe(result);
  });

  test('is not trusted instead of another', async () => {
    const other = (await createCertificateAuthority(undefined, 'other')).caPem;
    expect(await handshake(SERVER, 'a.example', other)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('also writes times beyond 2049', async () => {
    const { certPem } = await (await createCertificateAuthority()).issue({ commonName: 'x', lifetimeMs: 30 * 365 * DAY_MS });
    expect(new X509Certificate(certPem).validToDate.getTime()).toBeGreaterThan(Date.now() + 29 * 365 * DAY_MS);
  });

  const openssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;
  openssl('satisfies openssl, strictly', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ca-'));
    try {
      const authority = await createCertificateAuthority();
      writeFileSync(join(directory, 'ca.pem'), authority.caPem);
      writeFileSync(join(directory, 'cert.pem'), (await authority.issue(SERVER)).certPem);
      const run = spawnSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.pem', 'cert.pem'], {
        cwd: directory,
        encoding: 'utf8',
      });
      expect(run.stdout).toBe('cert.pem: OK\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
