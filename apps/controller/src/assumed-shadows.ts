import type { BottlerocketShadow } from '@brupop/crd-models';

/**
 * Our own writes, put over the cache until the cache shows them. Without it a plan made in the moment between a write and its
 * event would give the same slot away twice.
 */
export interface AssumedShadows {
  /** The shadow as a write left it. */
  written(shadow: BottlerocketShadow): void;
  deleted(shadow: { readonly shadow: string; readonly uid: string }): void;
  /** The cache's shadows with our writes applied; forgets the writes that the cache has caught up with. */
  over(cached: readonly BottlerocketShadow[]): readonly BottlerocketShadow[];
  clear(): void;
}

export function createAssumedShadows(): AssumedShadows {
  const writes = new Map<string, BottlerocketShadow>();
  const deletions = new Map<string, string>();
  return {
    written(shadow) {
      writes.set(shadow.metadata.name, shadow);
    },
    deleted({ shadow, uid }) {
      writes.delete(shadow);
      deletions.set(shadow, uid);
    },
    clear() {
      writes.clear();
      deletions.clear();
    },
    over(cached) {
      if (writes.size === 0 && deletions.size === 0) return cached;
      const gone = new Set([...writes.keys(), ...deletions.keys()]);
      for (const { metadata } of cached) gone.delete(metadata.name);
      for (const known of [writes, deletions]) for (const name of gone) known.delete(name);
      return cached.flatMap((shadow) => {
        const { name, uid } = shadow.metadata;
        if (deletions.has(name)) {
          if (deletions.get(name) === uid) return [];
          deletions.delete(name);
        }
        const write = writes.get(name);
        if (write === undefined) return [shadow];
        if (write.metadata.uid === uid && isOlder(shadow, write)) return [write];
        writes.delete(name);
        return [shadow];
      });
    },
  };
}

// Resource versions are ordered as integers: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
function isOlder(shadow: BottlerocketShadow, than: BottlerocketShadow): boolean {
  const [left, right] = [shadow, than].map(({ metadata }) => metadata.resourceVersion ?? '');
  if (left === undefined || right === undefined || !/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return BigInt(left) < BigInt(right);
}
