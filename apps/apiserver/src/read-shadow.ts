import { shadowPath, type BottlerocketShadow } from '@brupop/crd-models';
import { type KubeClient, getOrUndefined } from '@brupop/kube-runtime';
import { transformShadow } from './cached-shadow.ts';
import type { Caches } from './caches.ts';

/** What reading a shadow needs. */
export interface ShadowReader {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly caches: Pick<Caches, 'shadow'>;
}

/**
 * The shadow from the cache, else from the API server: it may have been created a moment ago, and a 404 would make the agent create it
 * again.
 */
export async function findShadow(reader: ShadowReader, name: string, signal: AbortSignal): Promise<BottlerocketShadow | undefined> {
  return reader.caches.shadow(name) ?? (await readShadow(reader, name, signal));
}

/** The shadow from the API server. */
export async function readShadow(
  { client, namespace }: Pick<ShadowReader, 'client' | 'namespace'>,
  name: string,
  signal: AbortSignal,
): Promise<BottlerocketShadow | undefined> {
  const read = await getOrUndefined<BottlerocketShadow>(client, shadowPath(namespace, name), { signal });
  return read === undefined ? undefined : transformShadow(read);
}
