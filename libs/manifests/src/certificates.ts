import { APISERVER_CERTIFICATE, CLIENT_CERTIFICATE, ROOT_CA_SECRET } from '@brupop/crd-models';
import type { KubernetesObject } from './objects.ts';
import type { Installation } from './options.ts';

const CA = 'brupop-selfsigned-ca';
const CA_ISSUER = 'brupop-root-certificate-issuer';
const SELF_SIGNED_ISSUER = 'selfsigned-issuer';
const API_VERSION = 'cert-manager.io/v1';
const PRIVATE_KEY = { algorithm: 'RSA', encoding: 'PKCS8', rotationPolicy: 'Always' };

/** What cert-manager makes the operator's certificates from. */
export function certManagerObjects({ namespace }: Installation): readonly KubernetesObject[] {
  const leaf = (name: string, usage: 'client auth' | 'server auth'): KubernetesObject => ({
    apiVersion: API_VERSION,
    kind: 'Certificate',
    metadata: { name, namespace },
    spec: {
      secretName: name,
      privateKey: PRIVATE_KEY,
      dnsNames: [`*.${namespace}.svc.cluster.local`, `*.${namespace}.svc`],
      usages: [usage, 'key encipherment', 'digital signature'],
      issuerRef: { name: CA_ISSUER, kind: 'Issuer' },
    },
  });
  const issuer = (name: string, spec: KubernetesObject['spec']): KubernetesObject => ({
    apiVersion: API_VERSION,
    kind: 'Issuer',
    metadata: { name, namespace },
    spec,
  });
  return [
    leaf(CLIENT_CERTIFICATE, 'client auth'),
    leaf(APISERVER_CERTIFICATE, 'server auth'),
    {
      apiVersion: API_VERSION,
      kind: 'Certificate',
      metadata: { name: CA, namespace },
      spec: {
        isCA: true,
        commonName: CA,
        secretName: ROOT_CA_SECRET,
        // Far longer than the leaves (90 days, cert-manager's default): if both changed together, no client would trust any server for a
        // while.
        duration: '87600h',
        renewBefore: '8760h',
        privateKey: { algorithm: 'RSA', encoding: 'PKCS8' },
        issuerRef: { name: SELF_SIGNED_ISSUER, kind: 'Issuer' },
      },
    },
    issuer(CA_ISSUER, { ca: { secretName: ROOT_CA_SECRET } }),
    issuer(SELF_SIGNED_ISSUER, { selfSigned: {} }),
  ];
}
