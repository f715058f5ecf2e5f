/** How a caller identifies itself. Nothing is verified yet. */
export interface Credentials {
  readonly token?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly nodeUid?: string | undefined;
  /** The address of the caller; unknown callers at the same address share their turns in the queue. */
  readonly source?: string | undefined;
}

/** Why a caller is denied. */
export interface Denial {
  readonly ok: false;
  /** 401: not authenticated. 403: not authorized. 503: the Kubernetes API did not respond, or too many reviews are pending. */
  readonly status: 401 | 403 | 503;
  /** Stable name of the reason, such as `POD_UNKNOWN`. */
  readonly code: DenialCode;
  /** For people. Never contains the token. */
  readonly message: string;
}

/** Every reason to deny a caller. */
export const DENIAL_CODES = [
  'TOKEN_MISSING',
  'TOKEN_MALFORMED',
  'NODE_NAME_INVALID',
  'NODE_UID_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REJECTED',
  'AUDIENCE_MISMATCH',
  'SERVICE_ACCOUNT_MISMATCH',
  'POD_CLAIM_MISSING',
  'POD_UNKNOWN',
  'POD_UID_MISMATCH',
  'POD_NOT_LIVE',
  'NODE_MISMATCH',
  'NODE_UNKNOWN',
  'NODE_UID_MISMATCH',
  'REVIEWS_BUSY',
  'KUBERNETES_UNAVAILABLE',
] as const;
/** One of {@link DENIAL_CODES}. */
export type DenialCode = (typeof DENIAL_CODES)[number];

/** Builds a {@link Denial}. */
export function deny(status: Denial['status'], code: DenialCode, message: string): Denial {
  return { ok: false, status, code, message };
}

// Tokens of the Kubernetes API are about 1 to 2 kB. The alphabet is RFC 6750's: it has no comma or space, by which Node joins repeated
// headers.
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const LONGEST_TOKEN = 8_192;
// The name of a Node is a DNS subdomain; anything else would also be unsafe in a path.
const NODE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NODE_NAME = 253;
const UID = /^[A-Za-z0-9-]{1,128}$/;

/** Well-formed credentials. */
export interface WellFormed {
  readonly ok: true;
  readonly token: string;
  readonly nodeName: string;
  readonly nodeUid?: string;
}

/** Checks the form of credentials, so that malicious ones cause no request and reach no path. An empty node UID counts as not sent. */
export function parseCredentials({ token, nodeName, nodeUid }: Credentials): WellFormed | Denial {
  if (token === undefined || token === '') return deny(401, 'TOKEN_MISSING', 'No token was sent');
  if (token.length > LONGEST_TOKEN || !TOKEN.test(token))
    return deny(401, 'TOKEN_MALFORMED', 'The token is malformed, or was sent more than once');
  // The length first, so that the pattern does not read a megabyte.
  if (nodeName === undefined || nodeName.length > LONGEST_NODE_NAME || !NODE_NAME.test(nodeName))
    return deny(403, 'NODE_NAME_INVALID', 'The node name is missing, malformed, or was sent more than once');
  if (nodeUid === undefined || nodeUid === '') return { ok: true, token, nodeName };
  if (!UID.test(nodeUid)) return deny(403, 'NODE_UID_INVALID', 'The node UID is malformed, or was sent more than once');
  return { ok: true, token, nodeName, nodeUid };
}
