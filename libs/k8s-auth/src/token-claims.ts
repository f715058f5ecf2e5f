/** The claims of a JSON Web Token. They are not verified: use them for priorities and to expire a cached review, never to authorize. */
export interface ClaimedIdentity {
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly expiryMs: number | undefined;
  readonly podName: string | undefined;
  readonly podUid: string | undefined;
}

const NOTHING: ClaimedIdentity = { subject: undefined, audiences: [], expiryMs: undefined, podName: undefined, podUid: undefined };

/** Reads the claims of a projected ServiceAccount token without verifying them. Returns no claims for any other token. */
export function claimedIdentity(token: string): ClaimedIdentity {
  const payload = token.split('.', 2)[1];
  if (payload === undefined) return NOTHING;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return NOTHING;
  }
  const exp = field(claims, 'exp');
  const aud = field(claims, 'aud');
  const pod = field(field(claims, 'kubernetes.io'), 'pod');
  return {
    subject: textOf(field(claims, 'sub')),
    audiences: (Array.isArray(aud) ? aud : [aud]).filter((audience): audience is string => typeof audience === 'string'),
    expiryMs: typeof exp === 'number' ? exp * 1000 : undefined,
    podName: textOf(field(pod, 'name')),
    podUid: textOf(field(pod, 'uid')),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
