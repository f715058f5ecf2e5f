/** How long certificates are valid, and when they are renewed. */
export interface CertificatePolicy {
  readonly authorityLifetimeMs: number;
  /** Longer than `servingLifetimeMs`, so that a serving certificate never outlives its authority. */
  readonly authorityRenewBeforeMs: number;
  readonly servingLifetimeMs: number;
  readonly servingRenewBeforeMs: number;
  /**
   * The longest time until a change of a Secret is in use everywhere: sync interval and cache of the kubelet, and the interval of the
   * reader.
   */
  readonly propagationMs: number;
  /** How far in the past validity begins, for peers whose clocks are slow. */
  readonly backdateMs: number;
  /** DNS names, wildcards and IP addresses that the serving certificate must cover. */
  readonly names: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The authority is valid for a year, what it signs for ninety days; a Secret propagates within ten minutes. */
export const DEFAULT_POLICY: Omit<CertificatePolicy, 'names'> = {
  authorityLifetimeMs: 365 * DAY_MS,
  authorityRenewBeforeMs: 120 * DAY_MS,
  servingLifetimeMs: 90 * DAY_MS,
  servingRenewBeforeMs: 30 * DAY_MS,
  propagationMs: 600_000,
  backdateMs: HOUR_MS,
};

/** The DNS names of the Service, and the wildcards of its namespace that the certificates of Brupop 1.x contain. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  return [`*.${namespace}.svc.cluster.local`, `*.${namespace}.svc`, `${service}.${namespace}.svc`];
}
