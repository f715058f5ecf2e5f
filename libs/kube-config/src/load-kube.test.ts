import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { serve } from '@brupop/process';
import type { RunningServer } from '@brupop/process';
import { memoryLogger } from '@brupop/ports';
import { loadKube } from './load-kube.ts';

const pem = (name: string): string => readFileSync(join(import.meta.dirname, '../../process/test-data', name), 'utf8');
const never = new AbortController().signal;
let server: RunningServer | undefined;
afterEach(async () => {
  await server?.close(0);
});

async function startServer(host = '127.0.0.1'): Promise<string> {
  server = await serve(
    (request, response) => response.end(JSON.stringify([request.url, request.headers.authorization, request.socket.remotePort])),
    {
      port: 0,
      host,
      tls: { cert: pem('first.crt'), key: pem('first.key') },
      log: memoryLogger(),
    },
  );
  return `https://localhost:${String(server.port)}`;
}

function configFor(url: string, user: object, ca = 'first.crt'): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: url, caData: Buffer.from(pem(ca)).toString('base64'), skipTLSVerify: false }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u', namespace: 'brupop' }],
    currentContext: 'x',
  });
  return config;
}

describe(loadKube, () => {
  test.each([
    { name: 'a token', user: { token: 'abc' }, authorization: 'Bearer abc' },
    { name: 'a name and a password', user: { username: 'me', password: 'pw' }, authorization: 'Basic bWU6cHc=' },
  ])('presents $name with each request, over one connection', async ({ user, authorization }) => {
    const kube = loadKube(configFor(await startServer(), user));
    const ask = async (): Promise<unknown[]> => {
      const response = await kube.http.request({ method: 'GET', path: '/api/v1/nodes' }, never);
      const answer = JSON.parse(await response.text()) as unknown[];
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      return answer;
    };
    const first = await ask();
    expect(first.slice(0, 2)).toEqual(['/api/v1/nodes', authorization]);
    expect(await ask()).toEqual(first);
    expect(kube.namespace).toBe('brupop');
  });

  test('trusts no other authority than that of the configuration', async () => {
    const kube = loadKube(configFor(await startServer(), { token: 'abc' }, 'second.crt'));
    await expect(kube.http.request({ method: 'GET', path: '/' }, never)).rejects.toMatchObject({ code: 'HTTP_CONNECT' });
  });

  test('reports credentials that are not available', async () => {
    const kube = loadKube(
      configFor('https://localhost:1', { authProvider: { name: 'tokenFile', config: { tokenFile: '/nowhere/token' } } }),
    );
    await expect(kube.http.request({ method: 'GET', path: '/' }, never)).rejects.toMatchObject({
      code: 'KUBE_CREDENTIALS',
      retry: 'transient',
    });
  });

  // Nearly every machine has both.
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
  test.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])(
    'in a pod, finds an API server at %s by the environment and the files of the ServiceAccount',
    async (host) => {
      const url = new URL(await startServer(host));
      const directory = mkdtempSync(join(tmpdir(), 'bp-'));
      const environment = { ...process.env };
      try {
        const files = join(directory, 'var/run/secrets/kubernetes.io/serviceaccount');
        mkdirSync(files, { recursive: true });
        writeFileSync(join(files, 'ca.crt'), pem('first.crt'));
        writeFileSync(join(files, 'token'), 'abc');
        writeFileSync(join(files, 'namespace'), 'brupop');
        Object.assign(process.env, { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: url.port });
        const config = new KubeConfig();
        config.loadFromCluster(directory);
        const { http, namespace } = loadKube(config);
        const response = await http.request({ method: 'GET', path: '/version' }, never);
        expect([namespace, JSON.parse(await response.text())]).toEqual(['brupop', ['/version', 'Bearer abc', expect.any(Number)]]);
      } finally {
        process.env = environment;
        rmSync(directory, { recursive: true });
      }
    },
  );

  test('refuses a configuration without a cluster', () => {
    expect(() => loadKube(new KubeConfig())).toThrow(expect.objectContaining({ code: 'KUBE_CONFIG' }));
  });
});
