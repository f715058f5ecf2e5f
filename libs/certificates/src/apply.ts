import type { KubeClient } from '@brupop/kube-runtime';
import { bundleText, distinct, readAuthorities } from './certificate.ts';
import { signingPair, type Objects } from './observe.ts';
import type { Secret } from '@brupop/kube-objects';
import type { CertificateStep } from './plan.ts';
import { INJECT_ANNOTATION, KEYS, RENEW_ANNOTATION, targetPaths, type CertificateTargets } from './targets.ts';

interface ApplyDeps {
  readonly client: KubeClient;
  readonly targets: CertificateTargets;
  readonly names: readonly string[];
  /** Labels of the Secrets that are created. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Values are PEM; null removes a key. */
type Change = Readonly<Record<string, string | null>>;

/**
 * Applies one step of a plan: one write, which the API server rejects with 409 if the object has changed since it was observed.
 * @throws as the client does
 */
export async function applyStep(deps: ApplyDeps, objects: Objects, step: CertificateStep, signal: AbortSignal): Promise<void> {
  const { targets, names } = deps;
  const write = (name: string, secret: Secret | undefined, change: Change): Promise<void> =>
    writeSecret(deps, name, secret, change, signal);
  switch (step.kind) {
    case 'create-authority':
    case 'renew-authority': {
      // Loaded only when needed, once in months: the library takes more memory than everything else here.
      const { issueAuthority } = await import('./issue.ts');
      const issued = await issueAuthority(targets.authoritySecret.replace(/-secret$/, ''), step.validity);
      const previous = step.kind === 'renew-authority' ? signingPair(objects, 'current') : undefined;
      return write(targets.authoritySecret, objects.authority, {
        [KEYS.cert]: issued.certPem,
        [KEYS.key]: issued.keyPem,
        [KEYS.bundle]: bundleText(distinct([...readAuthorities(issued.certPem), ...step.keep])),
        ...(previous === undefined ? {} : { [KEYS.previousCert]: previous.certPem, [KEYS.previousKey]: previous.keyPem }),
      });
    }
    case 'issue-serving': {
      const authority = signingPair(objects, step.signer);
      if (authority === undefined) throw new TypeError(`the plan signs with a missing authority: ${step.signer}`);
      const { issueCertificate } = await import('./issue.ts');
      const issued = await issueCertificate(authority, { commonName: targets.servingSecret, names, ...step.validity });
      const change = { [KEYS.cert]: issued.certPem, [KEYS.key]: issued.keyPem, [KEYS.bundle]: step.bundle };
      return write(targets.servingSecret, objects.serving, change);
    }
    case 'retire-authorities':
      return write(targets.authoritySecret, objects.authority, {
        [KEYS.bundle]: step.bundle,
        [KEYS.previousCert]: null,
        [KEYS.previousKey]: null,
      });
    case 'publish-bundle':
      return publish(deps, objects, step, write, signal);
  }
}

function publish(
  { client, targets }: ApplyDeps,
  objects: Objects,
  { place, bundle }: Extract<CertificateStep, { kind: 'publish-bundle' }>,
  write: (name: string, secret: Secret | undefined, change: Change) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  switch (place) {
    case 'authority':
      return write(targets.authoritySecret, objects.authority, { [KEYS.bundle]: bundle });
    case 'serving':
      return write(targets.servingSecret, objects.serving, { [KEYS.bundle]: bundle });
    case 'trust':
      return write(targets.trustSecret, objects.trust, { [KEYS.bundle]: bundle });
    case 'webhook': {
      const body = {
        metadata: { resourceVersion: objects.definition?.metadata.resourceVersion, annotations: { [INJECT_ANNOTATION]: null } },
        spec: { conversion: { webhook: { clientConfig: { caBundle: encode(bundle) } } } },
      };
      return client.request('PATCH', targetPaths.customResourceDefinition(targets.customResourceDefinition), { body, signal });
    }
  }
}

async function writeSecret(
  { client, targets, labels }: ApplyDeps,
  name: string,
  secret: Secret | undefined,
  change: Change,
  signal: AbortSignal,
): Promise<void> {
  const data = Object.fromEntries(Object.entries(change).map(([key, pem]) => [key, pem === null ? null : encode(pem)]));
  if (secret !== undefined) {
    const isRenewal = KEYS.cert in change && secret.metadata.annotations?.[RENEW_ANNOTATION] !== undefined;
    const metadata = {
      resourceVersion: secret.metadata.resourceVersion,
      ...(isRenewal ? { annotations: { [RENEW_ANNOTATION]: null } } : {}),
    };
    await client.request('PATCH', targetPaths.secret(targets.namespace, name), { body: { metadata, data }, signal });
    return;
  }
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: targets.namespace, labels },
    type: KEYS.key in change ? 'kubernetes.io/tls' : 'Opaque',
    data,
  };
  await client.request('POST', targetPaths.secrets(targets.namespace), { body, signal });
}

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
