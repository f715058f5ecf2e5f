import type { KubeList } from '@brupop/kube-objects';
import { BrupopError, withDeadline, type Clock } from '@brupop/ports';
import { REQUEST_TIMEOUT_MS, type KubeClient, type Query } from './client.ts';
import { isKubeStatus, kubeTimeout } from './kube-error.ts';
import { ListSplitter } from './list-splitter.ts';

/** Which collection is listed, and what becomes of its objects. */
export interface ListOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly path: string;
  readonly query?: Query;
  readonly signal: AbortSignal;
  /** Gets each item as it arrives; what it keeps is all that is kept. */
  readonly onItem: (item: unknown) => void;
  /** Called when a page token has expired and everything comes again from the start. */
  readonly onRestart?: () => void;
  /** Items in a page; 500 by default. */
  readonly pageSize?: number;
  /** Longest time until the head of an answer, and between two pieces of it; {@link REQUEST_TIMEOUT_MS} by default. */
  readonly silenceMs?: number;
}

/**
 * Lists a collection consistently, page by page, without ever holding a page.
 * @returns the resourceVersion to watch from
 * @throws `KubeApiError`, or `BrupopError` `KUBE_BODY`, `KUBE_TIMEOUT` or of the transport
 */
export async function listAll(options: ListOptions): Promise<string> {
  try {
    return await listPages(options, options.pageSize ?? 500);
  } catch (error) {
    // The token of a page lives a few minutes at most; a list in one answer needs none.
    if (!isKubeStatus(error, 410)) throw error;
    options.onRestart?.();
    return await listPages(options, undefined);
  }
}

async function listPages(options: ListOptions, limit: number | undefined): Promise<string> {
  let token = '';
  for (;;) {
    const header = await listPage(options, {
      ...options.query,
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(token === '' ? {} : { continue: token }),
    });
    token = header.metadata?.continue ?? '';
    const resourceVersion = header.metadata?.resourceVersion ?? '';
    // A proxy's "200 {}" must not pass for a collection without objects: to the controller every node would be gone.
    if (resourceVersion === '')
      throw new BrupopError('KUBE_BODY', `The list of ${options.path} has no resourceVersion`, { retry: 'transient' });
    if (token === '') return resourceVersion;
  }
}

async function listPage(
  { client, clock, path, signal, onItem, silenceMs = REQUEST_TIMEOUT_MS }: ListOptions,
  query: Query,
): Promise<KubeList<never>> {
  const deadline = withDeadline(clock, signal, silenceMs, kubeTimeout(`Listing ${path}`));
  const silence = kubeTimeout(`Waiting for more of ${path}`);
  try {
    const response = await client.stream(path, query, deadline.signal);
    const splitter = new ListSplitter((item) => {
      onItem(JSON.parse(item.toString('utf8')));
    });
    for await (const chunk of response.chunks) {
      deadline.extend(silenceMs, silence);
      splitter.push(chunk);
    }
    return splitter.finish() as KubeList<never>;
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new BrupopError('KUBE_BODY', `The list of ${path} is not whole`, { retry: 'transient', cause });
    }
    throw cause;
  } finally {
    deadline.dispose();
  }
}
