/** How long certificates live, and how carefully they are changed. */
export interface CertificatePolicy {
  readonly authorityLifetimeMs: number;
  /** Longer than `servingLifetimeMs`: a serving certificate then never outlives its authority. */
  readonly authorityRenewBeforeMs: number;
  readonly servingLifetimeMs: number;
  readonly servingRenewBeforeMs: number;
  /** Longest time until what was written to a Secret is in use everywhere: the kubelet's sync, its cache, and the reader's interval. */
  readonly propagationMs: number;
  /** How far back validity begins, for peers whose clocks are slow. */
  readonly backdateMs: number;
  /** Names that the serving certificate must be good for; also IP addresses, and wildcards. */
  readonly names: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A year for the authority, ninety days for what it signs, ten minutes for a Secret to arrive. */
export const DEFAULT_POLICY: Omit<CertificatePolicy, 'names'> = {
  authorityLifetimeMs: 365 * DAY_MS,
  authorityRenewBeforeMs: 120 * DAY_MS,
  servingLifetimeMs: 90 * DAY_MS,
  servingRenewBeforeMs: 30 * DAY_MS,
  propagationMs: 600_000,
  backdateMs: HOUR_MS,
};

/** The names of a Service's namespace that the original's certificates carry, and the Service's own. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  return [`*.${namespace}.svc.cluster.local`, `*.${namespace}.svc`, `${service}.${namespace}.svc`];
}
