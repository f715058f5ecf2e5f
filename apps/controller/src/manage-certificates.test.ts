import { CONTROLLER_SERVICE_ACCOUNT, GROUP, PLURAL } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { installObjects } from '@brupop/manifests';
import { inProcessClient, jsonResponse, memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi } from '@brupop/simulator';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import { afterEach, describe, expect, test } from '@jest/globals';
import inject from 'light-my-request';
import type { CertificateSource } from './config.ts';
import { createController } from './controller.ts';

const NAMESPACE = 'brupop-bottlerocket-aws';
const SECRETS = ['brupop-apiserver-certificate', 'brupop-apiserver-client-certificate', 'brupop-root-ca-secret'];

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly conversion: { readonly webhook: { readonly clientConfig: { readonly caBundle?: string } } } };
}
interface Secret {
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}
const MOST_TURNS = 100_000;
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A controller with the permissions of the manifest, in a cluster where the manifest has just been applied. */
function aController(source: CertificateSource) {
  const clock = new VirtualClock();
  const api = new SimulatedApi({ clock, random: seededRandom(1) });
  for (const object of installObjects({ image: 'brupop', certificates: source }))
    if (!object.apiVersion.startsWith('cert-manager')) api.store.create(object);
  const token = api.issueToken({
    serviceAccount: { namespace: NAMESPACE, name: CONTROLLER_SERVICE_ACCOUNT },
    audiences: ['https://kubernetes.default.svc'],
  });
  const inner = inProcessClient(api.handle);
  const log = memoryLogger();
  const controller = createController({
    client: createKubeClient({
      clock,
      http: { request: (r, signal) => inner.request({ ...r, headers: { ...r.headers, authorization: `Bearer ${token}` } }, signal) },
    }),
    clock,
    random: seededRandom(2),
    log,
    policy: { maxConcurrentUpdates: 1, window: { kind: 'always' }, timeouts: DEFAULT_TIMEOUTS, soakMs: 0 },
    certificates: { source, names: ['brupop.example.com'], propagationMs: 600_000 },
    namespace: NAMESPACE,
    nodeName: 'a',
    identity: 'one',
  });
  const abort = new AbortController();
  const running = controller.run(abort.signal);
  stops.push(async () => {
    abort.abort(new Error('stopping'));
    await clock.advance(10_000);
    await running;
  });
  const secrets = (): readonly Secret[] => api.store.list<Secret>({ group: '', resource: 'secrets' }, { namespace: NAMESPACE });
  const definition = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', name: `${PLURAL}.${GROUP}` };
  const caBundle = (): string | undefined => api.store.get<Definition>(definition)?.spec.conversion.webhook.clientConfig.caBundle;
  // Keys are generated in real time, on threads outside the virtual clock.
  const until = async (condition: () => boolean): Promise<void> => {
    for (let turn = 0; turn < MOST_TURNS && !condition(); turn++) {
      await clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** Whether all Secrets exist and the CustomResourceDefinition trusts the authority. */
  const isComplete = (): boolean =>
    secrets().length === SECRETS.length && caBundle() !== undefined && caBundle() === secrets()[1]?.data['ca.crt'];
  return { api, clock, log, controller, secrets, caBundle, until, isComplete };
}

describe('certificates', () => {
  test('are created with the permissions of the manifest, even while shadows cannot be listed', async () => {
    const { api, controller, secrets, caBundle, until, isComplete } = aController('operator');
    api.faults.beforeRequest = ({ path }) =>
      path.startsWith(`/apis/${GROUP}/`)
        ? jsonResponse(500, { kind: 'Status', code: 500, message: 'conversion webhook failed' })
        : undefined;
    await until(isComplete);
    expect(secrets().map(({ metadata }) => metadata.name)).toEqual(SECRETS);
    expect(caBundle()).toBe(secrets()[1]?.data['ca.crt']);
    const { payload } = await inject(controller.app, '/metrics');
    expect(payload).toMatch(/^brupop_certificate_expiry_timestamp_seconds\{certificate="serving"\} 1\.?\d+/m);
  });

  test('are created again after they were deleted, and an Event reports the change', async () => {
    const { api, secrets, caBundle, log, until, isComplete } = aController('operator');
    await until(isComplete);
    api.store.delete({ group: '', resource: 'secrets', namespace: NAMESPACE, name: SECRETS[2] ?? '' });
    const events = (): string[] =>
      api.store
        .list<{ readonly reason: string; readonly involvedObject: { readonly name: string } }>({
          group: 'events.k8s.io',
          resource: 'events',
        })
        .map(({ reason, involvedObject }) => `${involvedObject.name} ${reason}`);
    await until(() => events().some((event) => event.endsWith('BundleDiffers')) && isComplete());
    expect(secrets().map(({ metadata }) => metadata.name)).toEqual(SECRETS);
    expect(caBundle()).toBe(secrets()[1]?.data['ca.crt']);
    expect(events()).toContain(`${SECRETS[1] ?? ''} BundleDiffers`);
    expect(JSON.stringify(log.entries)).not.toContain('PRIVATE KEY');
  });

  test.each<CertificateSource>(['cert-manager', 'provided'])('are not managed with the source %s', async (source) => {
    const { clock, secrets, caBundle } = aController(source);
    await clock.advance(600_000);
    expect(secrets()).toEqual([]);
    expect(caBundle()).toBeUndefined();
  });
});
