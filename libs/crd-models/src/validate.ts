import { validateConversionReview, validateShadow, validateShadowStatus, validateStoredStatus } from './generated/validators.ts';
import { parseWith, type ParseResult } from './parse.ts';
import type { BottlerocketShadow, ShadowStatus } from './shadow.ts';

/** `apiextensions.k8s.io/v1` ConversionReview, as kube-apiserver sends it. */
export interface ConversionReview {
  readonly apiVersion: string;
  readonly kind: 'ConversionReview';
  readonly request: {
    readonly uid: string;
    /** Group and version. */
    readonly desiredAPIVersion: string;
    readonly objects: readonly unknown[];
  };
}

/** A v2 `BottlerocketShadow` from JSON. Fields unknown to us are kept. */
export function parseShadow(value: unknown): ParseResult<BottlerocketShadow> {
  return parseWith(validateShadow, value, 'shadow');
}

/** A v2 status from JSON; errors are written as `status.…`. Fields unknown to us are kept. */
export function parseShadowStatus(value: unknown): ParseResult<ShadowStatus> {
  return parseWith(validateShadowStatus, value, 'status', 'status.');
}

/** As {@link parseShadowStatus}, without its limits on lengths: a status as it may be stored, in a shadow or in the answer to a write. */
export function parseStoredStatus(value: unknown): ParseResult<ShadowStatus> {
  return parseWith(validateStoredStatus, value, 'status', 'status.');
}

/** What kube-apiserver sends to the conversion webhook. Its objects may still be anything. */
export function parseConversionReview(value: unknown): ParseResult<ConversionReview> {
  return parseWith(validateConversionReview, value, 'review');
}
