import { LIMITS } from '@brupop/crd-models';
import { parse, type SemVer } from 'semver';

// A fleet runs few versions, but agents may report anything. With the limit of a version's length this bounds the cache to about 200 kB.
const MAX_CACHED = 1_000;
const cache = new Map<string, SemVer | null>();

/** Parses a semantic version; null if it is invalid or too long. Results are cached: a plan compares few versions many times. */
export function parseVersion(text: string): SemVer | null {
  // Checked first: a lookup in the cache hashes the whole text.
  if (text.length > LIMITS.version) return null;
  const cached = cache.get(text);
  if (cached !== undefined) return cached;
  const version = parse(text);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(text, version);
  return version;
}
