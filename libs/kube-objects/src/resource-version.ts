const INTEGER = /^\d{1,20}$/;

/** A resourceVersion as an integer; undefined for anything else. */
export function resourceVersionOf(text: string | undefined): bigint | undefined {
  return text !== undefined && INTEGER.test(text) ? BigInt(text) : undefined;
}

/**
 * Whether resourceVersion `a` is older than `b`. Versions of one resource are ordered as integers
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions, KEP 5504).
 * @returns false also if either is absent or not an integer
 */
export function isOlderVersion(a: string | undefined, b: string | undefined): boolean {
  const [left, right] = [resourceVersionOf(a), resourceVersionOf(b)];
  return left !== undefined && right !== undefined && left < right;
}
