import { LIMITS } from '@brupop/crd-models';
import { parse } from 'semver';
import type { SemVer } from 'semver';

// A fleet runs a handful of versions; agents may report anything. Together they bound what is kept for good to some 200 kB.
const MOST_KNOWN = 1_000;
const known = new Map<string, SemVer | null>();

/** A version as semver understands it, or null, as for any text that is longer than a version. Remembers: a plan of a large fleet compares few versions many times. */
export function parseVersion(text: string): SemVer | null {
  // Before the look-up, which would have to hash all of it.
  if (text.length > LIMITS.version) return null;
  const remembered = known.get(text);
  if (remembered !== undefined) return remembered;
  const version = parse(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, version);
  return version;
}
