import type { KubeClient } from '@brupop/kube-runtime';
import type { PodObject } from '@brupop/simulator';

/** What a token is to be. */
export interface TokenWish {
  readonly namespace: string;
  /** Of the ServiceAccount. */
  readonly account: string;
  /** Empty: that of the API server. */
  readonly audiences: readonly string[];
  readonly expiresAfterMs: number;
  /** The pod with which it ends. */
  readonly pod?: PodObject;
}

/** Has the API server issue a token for a ServiceAccount, as a kubelet does. */
export async function requestToken(client: KubeClient, { namespace, account, audiences, expiresAfterMs, pod }: TokenWish): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const bound =
    pod === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid } };
  const { status } = await client.request<{ readonly status: { readonly token: string } }>('POST', path, {
    body: { spec: { audiences, expirationSeconds: Math.floor(expiresAfterMs / 1_000), ...bound } },
    signal: new AbortController().signal,
  });
  return status.token;
}
