import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import {
  AGENT_COMPONENT,
  APISERVER_CERTIFICATE,
  APISERVER_SERVICE,
  CONTROLLER_COMPONENT,
  GROUP,
  PLURAL,
  ROOT_CA_SECRET,
  shadowName,
} from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { RENEW_ANNOTATION } from '@brupop/certificates';
import { sleep, systemClock } from '@brupop/ports';
import { aProcessFleet } from './a-process-fleet.ts';
import type { ProcessFleet } from './process-fleet.ts';

const START_MS = 120_000;
const ROTATION_MS = 240_000;
const ROLLOUT_MS = 240_000;
const LOOK_MS = 250;
const REFUSED = /certificate|self.signed|issuer|altname|UNABLE_TO|SELF_SIGNED|CERT_/i;

interface Secret {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
}

const secretRef = (namespace: string, name: string) => ({ group: '', resource: 'secrets', namespace, name });
const pemOf = ({ api, simulation: { namespace } }: ProcessFleet, name: string, key: string): string =>
  Buffer.from(api.store.get<Secret>(secretRef(namespace, name))?.data[key] ?? '', 'base64').toString('utf8');

/** Repeatedly reads a shadow in version v1, for which kube-apiserver calls the apiserver. @returns the error if that fails */
async function readConverted(
  { api, simulation: { namespace } }: ProcessFleet,
  node: string,
  signal: AbortSignal,
): Promise<{ reads: number; failures: string[] }> {
  const failures: string[] = [];
  let reads = 0;
  while (!signal.aborted) {
    const path = `/apis/${GROUP}/v1/namespaces/${namespace}/${PLURAL}/${shadowName(node)}`;
    const response = await api.handle(
      { method: 'GET', path, headers: { authorization: `Bearer ${api.adminToken}` } },
      AbortSignal.timeout(10_000),
    );
    const text = await response.text();
    if (response.status === 200) reads++;
    else failures.push(text);
    await sleep(systemClock, LOOK_MS);
  }
  return { reads, failures };
}

/** Fingerprint of the certificate of the next replica. */
function servedLeaf({ simulation: { apiserverUrl } }: ProcessFleet): Promise<string | undefined> {
  const { hostname, port } = new URL(apiserverUrl);
  return new Promise((resolve, reject) => {
    // The certificate itself is of interest, not whether to trust it.
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('certificates of the operator', () => {
  test('are rotated, including the authority, while agents update their nodes, and no request is rejected', async () => {
    const fleet = await aProcessFleet({ env: { controller: { CERTIFICATE_PROPAGATION_IN_SEC: '15' } } });
    const { api, cluster, lines } = fleet;
    const { namespace } = fleet.simulation;
    const isUp = (): boolean => fleet.podsOf(AGENT_COMPONENT).length === 2 && cluster.endpoints(namespace, APISERVER_SERVICE).length === 3;
    expect(await fleet.until(isUp, START_MS)).toBe(true);
    expect(await fleet.until(() => fleet.shadow('node-1') !== undefined, START_MS)).toBe(true);
    const before = { authority: pemOf(fleet, ROOT_CA_SECRET, 'tls.crt'), leaf: pemOf(fleet, APISERVER_CERTIFICATE, 'tls.crt') };
    const over = new AbortController();
    const converting = readConverted(fleet, 'node-1', over.signal);

    expect(await fleet.until(() => cluster.drainStatistics().evicted > 0, ROLLOUT_MS)).toBe(true);
    const annotations = { [RENEW_ANNOTATION]: '' };
    api.store.patch(secretRef(namespace, ROOT_CA_SECRET), { metadata: { annotations } });
    // The controller checks every few minutes; one that takes over checks immediately.
    fleet.kill(fleet.running(CONTROLLER_COMPONENT));
    const rotated = (): boolean =>
      pemOf(fleet, APISERVER_CERTIFICATE, 'tls.crt') !== before.leaf &&
      fleet.simulation.apiserverCaPem() === pemOf(fleet, ROOT_CA_SECRET, 'tls.crt');
    expect(await fleet.until(rotated, ROTATION_MS)).toBe(true);
    await fleet.until(() => fleet.isDone('node-1') && fleet.isDone('node-2'), ROLLOUT_MS);
    // Long enough for every server and agent to have read its files again.
    await sleep(systemClock, 12_000);
    over.abort();

    expect([fleet.isDone('node-1'), fleet.isDone('node-2')]).toEqual([true, true]);
    const after = pemOf(fleet, ROOT_CA_SECRET, 'tls.crt');
    expect(after).not.toBe(before.authority);
    expect(new X509Certificate(pemOf(fleet, APISERVER_CERTIFICATE, 'tls.crt')).verify(new X509Certificate(after).publicKey)).toBe(true);
    const { fingerprint256 } = new X509Certificate(pemOf(fleet, APISERVER_CERTIFICATE, 'tls.crt'));
    for (let replica = 0; replica < 3; replica++) expect(await servedLeaf(fleet)).toBe(fingerprint256);
    // Both kinds of process have reloaded the mounted files while running.
    const tookOver = lines.filter(({ text }) => text.includes('Reloaded the TLS files')).map(({ pod }) => pod);
    expect(tookOver.some((pod) => pod.startsWith('brupop-agent'))).toBe(true);
    expect(tookOver.some((pod) => pod.startsWith('brupop-apiserver'))).toBe(true);
    // Agents and kube-apiserver alike.
    expect(lines.filter(({ text }) => REFUSED.test(text) && /"level":"(WARN|ERROR)"/.test(text))).toEqual([]);
    const { reads, failures } = await converting;
    expect(reads).toBeGreaterThan(50);
    expect(failures.filter((text) => REFUSED.test(text))).toEqual([]);
    expect(lines.filter(({ text }) => text.includes('PRIVATE KEY'))).toEqual([]);
  });
});
