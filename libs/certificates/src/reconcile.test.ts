import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAuthorities, readCertificate } from './certificate.ts';
import { issueAuthority, issueCertificate } from './issue.ts';
import { createCertificateReconciler } from './reconcile.ts';
import { CERT_MANAGER_ANNOTATION, INJECT_ANNOTATION, KEYS, RENEW_ANNOTATION, targetPaths } from './targets.ts';
import { CertificateWorld, PATHS, POLICY } from './testing/certificate-world.ts';

const DAY_MS = 86_400_000;
const SIGNAL = new AbortController().signal;
type Reconcile = ReturnType<typeof createCertificateReconciler>;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const authoritiesAt = (world: CertificateWorld, path: string): readonly string[] =>
  readAuthorities(world.text(path, KEYS.bundle)).map(({ fingerprint }) => fingerprint);
const leafOf = (world: CertificateWorld): string | undefined => readCertificate(world.text(PATHS.serving, KEYS.cert))?.fingerprint;

/** Reconciles as requested, but at most every `strideMs` outside of rotations. @returns the connections that failed in the meantime */
async function live(world: CertificateWorld, reconcile: Reconcile, forMs: number, strideMs = 5 * DAY_MS): Promise<string[]> {
  const refused: string[] = [];
  const untilMs = world.clock.monotonic() + forMs;
  world.after = () => refused.push(...world.refusals());
  while (world.clock.monotonic() < untilMs) {
    const { requeueAfterMs = 0 } = await reconcile(SIGNAL);
    const rotating = authoritiesAt(world, PATHS.authority).length > 1;
    const stepMs = rotating ? requeueAfterMs : strideMs;
    await world.clock.advance(Math.min(stepMs, untilMs - world.clock.monotonic()));
    refused.push(...world.refusals());
  }
  return [...new Set(refused)];
}

async function settledWorld(): Promise<{ world: CertificateWorld; reconcile: Reconcile }> {
  const world = new CertificateWorld();
  const reconcile = world.reconciler();
  await live(world, reconcile, POLICY.propagationMs * 2, 60_000);
  return { world, reconcile };
}

describe(createCertificateReconciler, () => {
  test('creates everything in one reconcile', async () => {
    const world = new CertificateWorld();
    await world.reconciler()(SIGNAL);
    const [authority] = authoritiesAt(world, PATHS.authority);
    expect(authoritiesAt(world, PATHS.serving)).toEqual([authority]);
    expect(authoritiesAt(world, PATHS.trust)).toEqual([authority]);
    expect(world.caBundle).toBe(world.text(PATHS.trust, KEYS.bundle));
    expect(world.refusals()).toEqual([]);
    expect(world.objects.get(PATHS.serving)).toMatchObject({ type: 'kubernetes.io/tls' });
    expect(Object.keys(world.objects.get(PATHS.trust)?.['data'] as object)).toEqual([KEYS.bundle]);
    expect(new X509Certificate(world.text(PATHS.serving, KEYS.cert)).subjectAltName).toBe(
      'DNS:*.ns.svc.cluster.local, DNS:*.ns.svc, DNS:server.ns.svc',
    );
  });

  test('writes nothing when nothing is due', async () => {
    const { world, reconcile } = await settledWorld();
    const before = JSON.stringify([...world.objects]);
    await live(world, reconcile, DAY_MS, 60_000 * 60);
    expect(JSON.stringify([...world.objects])).toBe(before);
  });

  test('renews certificate and authority over two years without a failed connection', async () => {
    const { world, reconcile } = await settledWorld();
    const first = authoritiesAt(world, PATHS.authority);
    expect(await live(world, reconcile, 730 * DAY_MS)).toEqual([]);
    expect(authoritiesAt(world, PATHS.authority)).toHaveLength(1);
    expect(authoritiesAt(world, PATHS.authority)).not.toEqual(first);
    expect(world.text(PATHS.authority, KEYS.previousKey)).toBe('');
  });

  test('renews on request: the new authority is published, then signs, then is the only one', async () => {
    const { world, reconcile } = await settledWorld();
    const [first] = authoritiesAt(world, PATHS.authority);
    const leaf = leafOf(world);
    world.edit(PATHS.authority, { metadata: { annotations: { [RENEW_ANNOTATION]: 'true' } } });
    await reconcile(SIGNAL);
    const [second] = authoritiesAt(world, PATHS.authority);
    expect(authoritiesAt(world, PATHS.trust)).toEqual([second, first]);
    expect(leafOf(world)).toBe(leaf);
    await live(world, reconcile, POLICY.propagationMs + 1_000);
    expect(leafOf(world)).not.toBe(leaf);
    expect(authoritiesAt(world, PATHS.trust)).toEqual([second, first]);
    await live(world, reconcile, POLICY.propagationMs + 1_000);
    expect(authoritiesAt(world, PATHS.trust)).toEqual([second]);
    expect(world.objects.get(PATHS.authority)?.['metadata']).toMatchObject({ annotations: {} });
  });

  const damages: readonly { name: string; damage: (world: CertificateWorld) => void }[] = [
    { name: 'the authority is deleted', damage: (world) => world.objects.delete(PATHS.authority) },
    {
      name: "the authority's key does not match",
      damage: (world) => {
        world.edit(PATHS.authority, { data: { [KEYS.key]: base64(world.text(PATHS.serving, KEYS.key)) } });
      },
    },
    {
      name: "the authority's bundle is emptied",
      damage: (world) => {
        world.edit(PATHS.authority, { data: { [KEYS.bundle]: null } });
      },
    },
    { name: 'the serving certificate is deleted', damage: (world) => world.objects.delete(PATHS.serving) },
    {
      name: 'the serving certificate is cut off',
      damage: (world) => {
        world.edit(PATHS.serving, { data: { [KEYS.cert]: base64('-----BEGIN') } });
      },
    },
    {
      name: 'the serving key does not match the certificate',
      damage: (world) => {
        world.edit(PATHS.serving, { data: { [KEYS.key]: base64(world.text(PATHS.authority, KEYS.key)) } });
      },
    },
    { name: "the clients' bundle is deleted", damage: (world) => world.objects.delete(PATHS.trust) },
    {
      name: "the clients' bundle is damaged",
      damage: (world) => {
        world.edit(PATHS.trust, { data: { [KEYS.bundle]: base64('nonsense') } });
      },
    },
  ];

  test.each(damages)('repairs it when $name, without a failed connection', async ({ damage }) => {
    const { world, reconcile } = await settledWorld();
    damage(world);
    expect(await live(world, reconcile, POLICY.propagationMs * 4)).toEqual([]);
    expect(authoritiesAt(world, PATHS.authority)).toHaveLength(1);
    expect(world.caBundle).toBe(world.text(PATHS.trust, KEYS.bundle));
    expect(world.text(PATHS.serving, KEYS.bundle)).toBe(world.caBundle);
  });

  test('restores a bundle that was removed from the webhook', async () => {
    const { world, reconcile } = await settledWorld();
    world.edit(PATHS.definition, { spec: { conversion: { webhook: { clientConfig: { caBundle: null } } } } });
    await reconcile(SIGNAL);
    expect(world.caBundle).toBe(world.text(PATHS.trust, KEYS.bundle));
  });

  test('does not require the CustomResourceDefinition, so that servers can start', async () => {
    const world = new CertificateWorld();
    world.objects.delete(PATHS.definition);
    await world.reconciler()(SIGNAL);
    expect(leafOf(world)).toBeDefined();
  });

  test('never logs a key, or a part of one', async () => {
    const { world, reconcile } = await settledWorld();
    world.edit(PATHS.authority, { metadata: { annotations: { [RENEW_ANNOTATION]: '' } } });
    await live(world, reconcile, POLICY.propagationMs * 3);
    const keys = [world.text(PATHS.authority, KEYS.key), world.text(PATHS.serving, KEYS.key)];
    const logged = JSON.stringify(world.log.entries);
    expect(logged).toContain('Changed certificates');
    expect(logged).not.toMatch(/PRIVATE KEY/);
    for (const key of keys) for (const line of key.split('\n').filter((text) => text.length > 20)) expect(logged).not.toContain(line);
  });

  describe('with the objects of cert-manager', () => {
    async function leftBehind(): Promise<CertificateWorld> {
      const world = new CertificateWorld();
      const validity = { notBeforeMs: world.trueMs - DAY_MS, notAfterMs: world.trueMs + 90 * DAY_MS };
      const authority = await issueAuthority('ca', { ...validity, notAfterMs: world.trueMs + 300 * DAY_MS });
      const leaf = await issueCertificate(authority, { commonName: 'leaf', names: ['*.ns.svc.cluster.local', '*.ns.svc'], ...validity });
      const secret = (name: string, pair: typeof leaf) => ({
        type: 'kubernetes.io/tls',
        metadata: { annotations: { [CERT_MANAGER_ANNOTATION]: name } },
        data: { [KEYS.cert]: base64(pair.certPem), [KEYS.key]: base64(pair.keyPem), [KEYS.bundle]: base64(authority.certPem) },
      });
      world.put(PATHS.authority, secret('ca', authority));
      world.put(PATHS.serving, secret('serving', leaf));
      world.put(PATHS.trust, secret('trust', leaf));
      world.edit(PATHS.definition, {
        metadata: { annotations: { [INJECT_ANNOTATION]: 'ns/serving' } },
        spec: { conversion: { webhook: { clientConfig: { caBundle: base64(authority.certPem) } } } },
      });
      return world;
    }

    test('takes them over: the certificate in use stays until it is due, without a failed connection', async () => {
      const world = await leftBehind();
      const leaf = leafOf(world);
      const reconcile = world.reconciler();
      expect(await live(world, reconcile, 30 * DAY_MS)).toEqual([]);
      expect(leafOf(world)).toBe(leaf);
      expect(world.objects.get(PATHS.definition)?.['metadata']).toMatchObject({ annotations: {} });
      expect(await live(world, reconcile, 400 * DAY_MS)).toEqual([]);
      expect(leafOf(world)).not.toBe(leaf);
    });

    test('does not change them while their Certificate exists, and reports that', async () => {
      const world = await leftBehind();
      world.put(targetPaths.certificate('ns', 'serving'), { kind: 'Certificate' });
      const before = JSON.stringify([...world.objects]);
      const reported: string[] = [];
      await world.reconciler(POLICY, { leftAlone: (secrets) => reported.push(...secrets) })(SIGNAL);
      expect(JSON.stringify([...world.objects])).toBe(before);
      expect(reported).toEqual(['serving']);
    });

    test('publishes the bundle of the webhook if cert-manager is not configured to', async () => {
      const world = await leftBehind();
      world.put(targetPaths.certificate('ns', 'serving'), { kind: 'Certificate' });
      world.edit(PATHS.definition, {
        metadata: { annotations: null },
        spec: { conversion: { webhook: { clientConfig: { caBundle: null } } } },
      });
      await world.reconciler()(SIGNAL);
      expect(world.caBundle).toBe(world.text(PATHS.serving, KEYS.bundle));
    });
  });

  describe('random sequences of events', () => {
    const anyDamage = fc.constantFrom(...damages.map(({ name }) => name));
    const anything = fc.oneof(
      fc.record({
        kind: fc.constant('live' as const),
        ms: fc.oneof(fc.integer({ min: 1_000, max: 1_200_000 }), fc.integer({ min: DAY_MS, max: 200 * DAY_MS })),
      }),
      fc.record({
        kind: fc.constant('jump' as const),
        ms: fc.integer({ min: -20 * 365 * DAY_MS, max: 20 * 365 * DAY_MS }),
        forMs: fc.integer({ min: 1_000, max: 3 * DAY_MS }),
      }),
      fc.record({ kind: fc.constant('renew' as const) }),
      fc.record({ kind: fc.constant('new leader' as const) }),
      fc.record({ kind: fc.constant('damage' as const), name: anyDamage }),
      fc.record({ kind: fc.constant('crash' as const), afterWrites: fc.integer({ min: 0, max: 4 }), answered: fc.boolean() }),
      fc.record({ kind: fc.constant('race' as const) }),
    );

    test('every client trusts every server at all times of a correct clock', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 8 }), async (events) => {
          const settled = await settledWorld();
          const { world } = settled;
          let { reconcile } = settled;
          for (const event of events) {
            const refused: string[] = [];
            // If the key of the trusted authority is lost, a serving certificate that is lost too cannot be replaced.
            const keyLost = authoritiesAt(world, PATHS.authority).length > 1 && world.text(PATHS.authority, KEYS.previousKey) === '';
            if (event.kind === 'damage' && keyLost) refused.push(...(await live(world, reconcile, POLICY.propagationMs * 3)));
            if (event.kind === 'live') refused.push(...(await live(world, reconcile, event.ms)));
            else if (event.kind === 'renew') world.edit(PATHS.authority, { metadata: { annotations: { [RENEW_ANNOTATION]: '' } } });
            else if (event.kind === 'new leader') reconcile = world.reconciler();
            else if (event.kind === 'damage') damages.find(({ name }) => name === event.name)?.damage(world);
            else if (event.kind === 'race') await Promise.all([reconcile(SIGNAL), world.reconciler()(SIGNAL)]);
            else if (event.kind === 'jump') {
              world.clock.jump(event.ms);
              refused.push(...(await live(world, reconcile, event.forMs, 3_600_000)));
              world.clock.jump(-event.ms);
            } else {
              let writes = 0;
              const crash = (): never => {
                throw new Error('killed');
              };
              world.before = ({ method }) => (method !== 'GET' && !event.answered && writes++ >= event.afterWrites ? crash() : undefined);
              world.after = () => (event.answered && writes++ >= event.afterWrites ? crash() : undefined);
              await reconcile(SIGNAL).catch(() => undefined);
              world.before = () => undefined;
              reconcile = world.reconciler();
            }
            // Repair a damage before the next event.
            refused.push(...(await live(world, reconcile, 1_000)));
            expect({ event, refused }).toEqual({ event, refused: [] });
          }
          await live(world, reconcile, POLICY.propagationMs * 5);
          expect(authoritiesAt(world, PATHS.authority)).toHaveLength(1);
        }),
        { numRuns: 40 },
      );
    }, 120_000);
  });
});
