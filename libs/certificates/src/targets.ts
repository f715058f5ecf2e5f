/** The objects that contain the certificates. */
export interface CertificateTargets {
  readonly namespace: string;
  /** Secret of the authority: `tls.crt`, `tls.key`, and the bundle in `ca.crt`. */
  readonly authoritySecret: string;
  /** Secret that servers mount: `tls.crt`, `tls.key`, `ca.crt`. */
  readonly servingSecret: string;
  /** Secret that clients mount: `ca.crt`. */
  readonly trustSecret: string;
  /** CustomResourceDefinition of the conversion webhook. */
  readonly customResourceDefinition: string;
}

/** Annotation of the authority's Secret, with any value: requests a new authority, and so a new serving certificate. */
export const RENEW_ANNOTATION = 'brupop.bottlerocket.aws/renew';

/** Set by cert-manager on the Secrets that it writes. */
export const CERT_MANAGER_ANNOTATION = 'cert-manager.io/certificate-name';

/** Makes cert-manager write `caBundle`. */
export const INJECT_ANNOTATION = 'cert-manager.io/inject-ca-from';

/** Keys of a Secret's data. */
export const KEYS = {
  cert: 'tls.crt',
  key: 'tls.key',
  bundle: 'ca.crt',
  previousCert: 'previous.crt',
  previousKey: 'previous.key',
} as const;

const segment = encodeURIComponent;

/** Paths of the targets in the Kubernetes API. */
export const targetPaths = {
  secrets: (namespace: string): string => `/api/v1/namespaces/${segment(namespace)}/secrets`,
  secret: (namespace: string, name: string): string => `${targetPaths.secrets(namespace)}/${segment(name)}`,
  customResourceDefinition: (name: string): string => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${segment(name)}`,
  certificate: (namespace: string, name: string): string =>
    `/apis/cert-manager.io/v1/namespaces/${segment(namespace)}/certificates/${segment(name)}`,
};
