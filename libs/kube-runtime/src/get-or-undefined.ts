import type { KubeClient, KubeRequestOptions } from './client.ts';
import { isKubeStatus } from './kube-error.ts';

/** Reads an object; undefined if it does not exist. @throws as `KubeClient.request`, for any other failure */
export async function getOrUndefined<T>(
  client: KubeClient,
  path: string,
  options: Pick<KubeRequestOptions, 'signal' | 'timeoutMs'>,
): Promise<T | undefined> {
  try {
    return await client.request<T>('GET', path, options);
  } catch (error) {
    if (isKubeStatus(error, 404)) return undefined;
    throw error;
  }
}
