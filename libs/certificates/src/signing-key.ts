import { createPrivateKey, type KeyObject } from 'node:crypto';

/** A certificate with its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The WebCrypto parameters to import a key, and to sign with it. */
export interface SigningAlgorithm {
  readonly import: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  readonly sign: { readonly name: string; readonly hash: string };
}

/** Whether the key can sign certificates: RSA, or EC with a NIST curve. */
export function canSign(keyPem: string): boolean {
  try {
    return signingAlgorithm(createPrivateKey(keyPem)) !== undefined;
  } catch {
    return false;
  }
}

/** The algorithm of the keys that are created here. */
export const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

const RSA_SHA256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** The algorithm to sign with a key; undefined if its type is not supported. */
export function signingAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm | undefined {
  if (asymmetricKeyType === 'rsa') return { import: RSA_SHA256, sign: RSA_SHA256 };
  const namedCurve = CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  return namedCurve === undefined ? undefined : { import: { name: 'ECDSA', namedCurve }, sign: ECDSA_SHA256 };
}
