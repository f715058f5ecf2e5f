import { networkInterfaces } from 'node:os';
import { listenAddress } from '@brupop/apiserver';
import { memoryLogger, nodeHttpClient } from '@brupop/ports';
import { serve } from '@brupop/process';
import type { RunningServer } from '@brupop/process';
import { createCertificateAuthority } from '@brupop/simulator';
import { afterEach, describe, expect, test } from '@jest/globals';

const never = new AbortController().signal;
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
/** The loopback addresses of this machine; nearly every one has both. */
const LOOPBACKS = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const authority = await createCertificateAuthority();
async function serveOn(host: string): Promise<RunningServer> {
  const { certPem: cert, keyPem: key } = await authority.issue({ commonName: 'server', names: ['127.0.0.1', '::1'] });
  const server = await serve((request, response) => response.end(JSON.stringify([request.headers.host, request.headers.authorization])), {
    port: 0,
    host,
    tls: { cert, key },
    log: memoryLogger(),
  });
  servers.push(server);
  return server;
}

describe('a cluster whose Kubernetes API has the address', () => {
  test.each(LOOPBACKS)('%s: the apiserver listens on its family, and agents reach it there', async (address) => {
    const { port } = await serveOn(listenAddress({ bindAddress: undefined, kubernetesHost: address }));
    const client = nodeHttpClient({ baseUrl: `https://${inUrl(address)}:${String(port)}`, tls: () => ({ ca: authority.caPem }) });
    const response = await client.request({ method: 'GET', path: '/ping' }, never);
    expect(JSON.parse(await response.text())).toEqual([`${inUrl(address)}:${String(port)}`, null]);
    client.close();
  });

  test('of IPv6 may be asked over IPv4 too, as in a cluster of both', async () => {
    const { port } = await serveOn(hasIpv6 ? '::' : '0.0.0.0');
    const client = nodeHttpClient({ baseUrl: `https://127.0.0.1:${String(port)}`, tls: () => ({ ca: authority.caPem }) });
    expect((await client.request({ method: 'GET', path: '/ping' }, never)).status).toBe(200);
    client.close();
  });
});
