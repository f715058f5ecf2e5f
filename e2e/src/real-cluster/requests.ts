import { readFile } from 'node:fs/promises';

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly requestReceivedTimestamp: string;
}

/** Requests of one kind that a ServiceAccount has made. */
export interface RequestCount {
  readonly account: string;
  /** Verb and resource, as `patch nodes` or `create pods/eviction`. */
  readonly request: string;
  readonly count: number;
}

/**
 * The requests of a namespace's ServiceAccounts in an audit log of Kubernetes, most first.
 * @param sinceMs Unix milliseconds; earlier requests do not count
 */
export async function requestsOf(auditLog: string, namespace: string, sinceMs: number): Promise<RequestCount[]> {
  return countRequests(await readFile(auditLog, 'utf8'), namespace, sinceMs);
}

/** Counts what an audit log's text tells. Lines that are not whole are left out: the last may still be written. */
export function countRequests(text: string, namespace: string, sinceMs: number): RequestCount[] {
  const prefix = `system:serviceaccount:${namespace}:`;
  const counts = new Map<string, RequestCount>();
  for (const { stage, verb, user, objectRef, requestReceivedTimestamp } of events(text)) {
    if (stage !== 'ResponseComplete' || !user.username.startsWith(prefix) || Date.parse(requestReceivedTimestamp) < sinceMs) continue;
    const account = user.username.slice(prefix.length);
    const request = [verb, [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/')].join(' ');
    const key = `${account} ${request}`;
    counts.set(key, { account, request, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

/** The counts as a table, each divided by `by`. */
export function requestTable(counts: readonly RequestCount[], by: number): string {
  const per = (count: number): string => (count / by).toFixed(1).padStart(6);
  const rows = counts.map(({ account, request, count }) => `${per(count)}  ${account.padEnd(36)} ${request}`);
  return [...rows, `${per(counts.reduce((sum, { count }) => sum + count, 0))}  in all`].join('\n');
}

function events(text: string): AuditEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as AuditEvent];
    } catch {
      return [];
    }
  });
}
