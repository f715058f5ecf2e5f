import { parse } from 'semver';
import type { SemVer } from 'semver';

// A fleet runs a handful of versions; agents may report anything.
const MOST_KNOWN = 1_000;
const known = new Map<string, SemVer | null>();

/** A version as semver understands it, or null. Remembers: a plan of a large fleet compares few versions many times. */
export function parseVersion(text: string): SemVer | null {
  const remembered = known.get(text);
  if (remembered !== undefined) return remembered;
  const version = parse(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, version);
  return version;
}
