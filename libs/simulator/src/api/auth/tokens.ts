import { createHmac } from 'node:crypto';
import type { Core } from '../storage/core.ts';
import { uuid } from '../storage/core.ts';
import { keyOf } from '../storage/store.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Identity, Json } from '../types.ts';

/** Audiences of tokens for the API itself; the first is also the issuer. */
export const API_AUDIENCES: readonly [string, ...string[]] = [
  'https://kubernetes.default.svc.cluster.local',
  'https://kubernetes.default.svc',
];

/** What a token is issued for. */
export interface TokenRequest {
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Default: the API itself. */
  readonly audiences?: readonly string[];
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
  /** Default: one hour. */
  readonly expiresAfterMs?: number;
}

/** Result of a TokenReview. */
export type TokenReview =
  | { readonly ok: true; readonly identity: Identity; readonly audiences: readonly string[] }
  | { readonly ok: false; readonly error: string };

const HOUR_MS = 3_600_000;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Issues and verifies service account tokens: JWTs in form, signed with a key of this cluster. */
export class TokenAuthority {
  readonly #core: Core;
  readonly #key: string;
  readonly #static = new Map<string, Identity>();

  constructor(core: Core) {
    this.#core = core;
    this.#key = uuid(core.random);
  }

  /** A token that never expires, for a user that is not a service account. */
  issueStatic(identity: Identity): string {
    const token = uuid(this.#core.random);
    this.#static.set(token, identity);
    return token;
  }

  issue(request: TokenRequest): string {
    const { serviceAccount, pod, node } = request;
    const iat = Math.floor(this.#core.clock.now() / 1000);
    const { namespace, name } = serviceAccount;
    const account = this.#core.store.get('serviceaccounts', keyOf(namespace, name));
    const payload = {
      aud: request.audiences ?? [API_AUDIENCES[0]],
      exp: iat + Math.ceil((request.expiresAfterMs ?? HOUR_MS) / 1000),
      iat,
      nbf: iat,
      iss: API_AUDIENCES[0],
      jti: uuid(this.#core.random),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name, uid: account?.metadata.uid ?? '' },
        ...(pod && { pod }),
        ...(node && { node }),
      },
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
    return `${signed}.${this.#sign(signed)}`;
  }

  /** Verifies a token as TokenReview does: signature, expiry, audience, and that the objects it is bound to still exist. */
  review(token: string, audiences: readonly string[] = API_AUDIENCES): TokenReview {
    const known = this.#static.get(token);
    if (known !== undefined) return { ok: true, identity: known, audiences };
    const claims = this.#claims(token);
    if (claims === undefined) return { ok: false, error: 'invalid bearer token' };
    const nowS = this.#core.clock.now() / 1000;
    if (Number(claims['exp']) <= nowS) return { ok: false, error: '[invalid bearer token, service account token has expired]' };
    const own = claims['aud'] as string[];
    const shared = own.filter((audience) => audiences.includes(audience));
    if (shared.length === 0) {
      return {
        ok: false,
        error: `[invalid bearer token, token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(audiences)}]`,
      };
    }
    const lost = this.#lostBinding(claims);
    if (lost !== undefined) return { ok: false, error: `[invalid bearer token, service account token has been invalidated: ${lost}]` };
    return { ok: true, identity: identityOf(claims), audiences: shared };
  }

  #lostBinding(claims: Json): string | undefined {
    const namespace = String(valueAt(claims['kubernetes.io'], 'namespace'));
    const bound = (field: string): Json | undefined => {
      const value = valueAt(claims['kubernetes.io'], field);
      return isRecord(value) ? value : undefined;
    };
    const account = bound('serviceaccount');
    const found = this.#core.store.get('serviceaccounts', keyOf(namespace, String(account?.['name'])));
    // An account without uid did not exist when the token was issued, which only tests do.
    if (account?.['uid'] !== '' && found?.metadata.uid !== account?.['uid']) return 'service account has been deleted';
    const pod = bound('pod');
    if (pod === undefined) return undefined;
    const running = this.#core.store.get('pods', keyOf(namespace, String(pod['name'])));
    return running?.metadata.uid === pod['uid'] ? undefined : 'pod has been deleted';
  }

  #claims(token: string): Json | undefined {
    const at = token.lastIndexOf('.');
    const signed = token.slice(0, Math.max(0, at));
    if (at < 0 || this.#sign(signed) !== token.slice(at + 1)) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isRecord(claims) ? claims : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function identityOf(claims: Json): Identity {
  const bound = claims['kubernetes.io'];
  const namespace = String(valueAt(bound, 'namespace'));
  const uid = valueAt(bound, 'serviceaccount.uid');
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${String(claims['jti'])}`] };
  for (const kind of ['node', 'pod']) {
    const name = valueAt(bound, `${kind}.name`);
    if (typeof name !== 'string') continue;
    extra[`authentication.kubernetes.io/${kind}-name`] = [name];
    extra[`authentication.kubernetes.io/${kind}-uid`] = [String(valueAt(bound, `${kind}.uid`))];
  }
  return {
    username: String(claims['sub']),
    uid: typeof uid === 'string' ? uid : '',
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}
