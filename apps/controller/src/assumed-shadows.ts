import { isOlderVersion } from '@brupop/kube-objects';
import type { ObservedShadow, ShadowSpec } from '@brupop/crd-models';

/**
 * Our own writes, applied on top of the cache until the cache shows them. Without them, a plan made between a write and its event could
 * give the same slot to two nodes.
 */
export interface AssumedShadows {
  /** Records the spec that is about to be written: the event may arrive before the response. */
  writing(shadow: string, spec: ShadowSpec): void;
  /** Records the shadow that a write returned. */
  written(shadow: ObservedShadow): void;
  deleted(shadow: { readonly shadow: string; readonly uid: string }): void;
  /** The cached shadows with our writes applied; forgets the writes that the cache has caught up with. */
  over(cached: readonly ObservedShadow[]): readonly ObservedShadow[];
  /**
   * For an event that changes a shadow from `before` to `after`: the shadow that earlier plans were based on. That is `before`, or, if the
   * event shows our own write, `before` with the spec that we wrote. A write is recognised in the first event that changes the spec.
   */
  planned(before: ObservedShadow, after: ObservedShadow): ObservedShadow;
  clear(): void;
}

export function createAssumedShadows(): AssumedShadows {
  const writes = new Map<string, ObservedShadow>();
  const deletions = new Map<string, string>();
  const specs = new Map<string, ShadowSpec>();
  return {
    writing(shadow, spec) {
      specs.set(shadow, spec);
    },
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
      specs.clear();
    },
    planned(before, after) {
      const { name } = after.metadata;
      const spec = specs.get(name);
      if (spec === undefined || isSame(before.spec, after.spec)) return before;
      specs.delete(name);
      return isSame(spec, after.spec) ? { ...before, spec: after.spec } : before;
    },
    over(cached) {
      if (writes.size === 0 && deletions.size === 0) return cached;
      /** Shadows whose writes the cache does not show yet. A write to a shadow that is not cached is forgotten. */
      const pending = new Set<string>();
      const shadows: ObservedShadow[] = [];
      for (const shadow of cached) {
        const { name, uid } = shadow.metadata;
        const write = writes.get(name);
        const isDeleted = uid !== undefined && deletions.get(name) === uid;
        const isCovered =
          write !== undefined &&
          write.metadata.uid === uid &&
          isOlderVersion(shadow.metadata.resourceVersion, write.metadata.resourceVersion);
        if (isDeleted || isCovered) pending.add(name);
        if (!isDeleted) shadows.push(isCovered ? write : shadow);
      }
      for (const known of [writes, deletions]) for (const name of known.keys()) if (!pending.has(name)) known.delete(name);
      return shadows;
    },
  };
}

function isSame(a: ShadowSpec, b: ShadowSpec): boolean {
  const [at, bt] = [a, b].map(({ state_transition_timestamp }) => state_transition_timestamp ?? null);
  return a.state === b.state && (a.version ?? null) === (b.version ?? null) && at === bt;
}
