import { isKubeStatus, type KubeClient } from '@brupop/kube-runtime';

/** Reads an object; undefined if it does not exist. */
export async function readOrUndefined<T>(client: KubeClient, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await client.request<T>('GET', path, { signal });
  } catch (error) {
    if (isKubeStatus(error, 404)) return undefined;
    throw error;
  }
}
