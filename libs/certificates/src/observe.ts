import type { KubeObject, Secret } from '@brupop/kube-objects';
import { getOrUndefined, type KubeClient } from '@brupop/kube-runtime';
import {
  coversNames,
  distinct,
  isAuthority,
  issuerOf,
  keyFits,
  readAuthorities,
  readCertificate,
  type Certificate,
} from './certificate.ts';
import type { Bundle, CertificateObservation, Signer, WebhookBundle } from './plan.ts';
import { canSign, type KeyPair } from './signing-key.ts';
import { CERT_MANAGER_ANNOTATION, INJECT_ANNOTATION, KEYS, RENEW_ANNOTATION, targetPaths, type CertificateTargets } from './targets.ts';

/** The part of a CustomResourceDefinition that configures its webhook. */
export interface WebhookDefinition extends KubeObject {
  readonly spec: {
    readonly conversion?: { readonly strategy?: string; readonly webhook?: { readonly clientConfig?: { readonly caBundle?: string } } };
  };
}

/** The objects as they were read; undefined if they do not exist. */
export interface Objects {
  readonly authority: Secret | undefined;
  readonly serving: Secret | undefined;
  readonly trust: Secret | undefined;
  readonly definition: WebhookDefinition | undefined;
}

/** Reads the objects. @throws as the client does, except for objects that do not exist */
export async function readObjects(client: KubeClient, targets: CertificateTargets, signal: AbortSignal): Promise<Objects> {
  const read = <T>(path: string): Promise<T | undefined> => getOrUndefined<T>(client, path, { signal });
  const secret = (name: string): Promise<Secret | undefined> => read(targetPaths.secret(targets.namespace, name));
  const [authority, serving, trust, definition] = await Promise.all([
    secret(targets.authoritySecret),
    secret(targets.servingSecret),
    secret(targets.trustSecret),
    read<WebhookDefinition>(targetPaths.customResourceDefinition(targets.customResourceDefinition)),
  ]);
  return { authority, serving, trust, definition };
}

/** The names of the Secrets that cert-manager manages: those whose Certificate exists. */
export async function managedByCertManager(
  client: KubeClient,
  { authority, serving, trust }: Objects,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const managed: string[] = [];
  for (const secret of [authority, serving, trust]) {
    const certificate = secret?.metadata.annotations?.[CERT_MANAGER_ANNOTATION];
    if (secret === undefined || certificate === undefined) continue;
    const path = targetPaths.certificate(secret.metadata.namespace ?? '', certificate);
    if ((await getOrUndefined(client, path, { signal })) !== undefined) managed.push(secret.metadata.name);
  }
  return managed;
}

/** The content of the objects, without the keys. */
export function observationOf(objects: Objects, names: readonly string[]): Omit<CertificateObservation, 'settledForMs'> {
  const bundles = [objects.authority, objects.serving, objects.trust].map((secret) => bundleOf(textOf(secret, KEYS.bundle)));
  const [authorityBundle = NONE, servingBundle = NONE, trust = NONE] = bundles;
  const webhook = webhookBundle(objects.definition);
  const current = certificateOf(signingPair(objects, 'current'));
  const previous = certificateOf(signingPair(objects, 'previous'));
  const known = distinct([
    ...[current, previous].filter((one) => one !== undefined),
    ...[...bundles, ...(webhook === undefined ? [] : [webhook])].flatMap(({ authorities }) => authorities),
  ]);
  const leaf = certificateOf(pairOf(objects.serving, KEYS.cert, KEYS.key));
  const issuer = leaf === undefined ? undefined : issuerOf(leaf, known);
  return {
    authority: {
      ...(current === undefined ? {} : { current }),
      ...(previous === undefined ? {} : { previous }),
      bundle: authorityBundle,
      renewalRequested: objects.authority?.metadata.annotations?.[RENEW_ANNOTATION] !== undefined,
    },
    serving: {
      ...(leaf === undefined ? {} : { leaf }),
      namesCovered: leaf !== undefined && coversNames(leaf, names),
      ...(issuer === undefined ? {} : { issuer }),
      bundle: servingBundle,
    },
    trust,
    webhook,
  };
}

/** The key pair of a signer, if it is complete and belongs to an authority. */
export function signingPair({ authority }: Objects, signer: Signer): KeyPair | undefined {
  const pair = signer === 'current' ? pairOf(authority, KEYS.cert, KEYS.key) : pairOf(authority, KEYS.previousCert, KEYS.previousKey);
  const certificate = certificateOf(pair);
  return pair !== undefined && certificate !== undefined && isAuthority(certificate) && canSign(pair.keyPem) ? pair : undefined;
}

const NONE: Bundle = { text: '', authorities: [] };

const bundleOf = (text: string): Bundle => ({ text, authorities: readAuthorities(text) });

function webhookBundle(definition: WebhookDefinition | undefined): WebhookBundle | undefined {
  const clientConfig = definition?.spec.conversion?.webhook?.clientConfig;
  if (definition === undefined || clientConfig === undefined) return undefined;
  return { ...bundleOf(decode(clientConfig.caBundle)), injected: definition.metadata.annotations?.[INJECT_ANNOTATION] !== undefined };
}

function pairOf(secret: Secret | undefined, cert: string, key: string): KeyPair | undefined {
  const certPem = textOf(secret, cert);
  const keyPem = textOf(secret, key);
  const certificate = readCertificate(certPem);
  return certificate !== undefined && keyFits(certificate, keyPem) ? { certPem, keyPem } : undefined;
}

const certificateOf = (pair: KeyPair | undefined): Certificate | undefined =>
  pair === undefined ? undefined : readCertificate(pair.certPem);

const textOf = (secret: Secret | undefined, key: string): string => decode(secret?.data?.[key]);

const decode = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');
