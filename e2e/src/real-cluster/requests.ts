import { readFile } from 'node:fs/promises';

interface AuditEvent {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly namespace?: string; readonly name?: string };
  readonly requestReceivedTimestamp: string;
}

/** A request that a ServiceAccount has made. */
export interface ApiRequest {
  readonly account: string;
  readonly verb: string;
  readonly resource: string;
  /** Empty if there is none, as namespace and name. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Unix milliseconds of when it came. */
  readonly atMs: number;
  /** Whether it has been answered to its end; a watch is open until then. */
  readonly isOver: boolean;
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

/** Counts the requests in the text of an audit log. */
export function countRequests(text: string, namespace: string, sinceMs: number): RequestCount[] {
  const counts = new Map<string, RequestCount>();
  for (const { account, verb, resource, subresource, atMs } of parseRequests(text, namespace)) {
    if (atMs < sinceMs) continue;
    const request = [verb, [resource, subresource].filter((part) => part !== '').join('/')].join(' ');
    const key = `${account} ${request}`;
    counts.set(key, { account, request, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

/** The requests of a namespace's ServiceAccounts in an audit log. Incomplete lines are skipped: the last one may still be written. */
export function parseRequests(text: string, namespace: string): ApiRequest[] {
  const prefix = `system:serviceaccount:${namespace}:`;
  const requests = new Map<string, ApiRequest>();
  for (const { auditID, stage, verb, user, objectRef = {}, requestReceivedTimestamp } of events(text)) {
    // A long-running request is also logged when its answer begins.
    const isOver = stage !== 'ResponseStarted';
    if (stage === 'RequestReceived' || !user.username.startsWith(prefix)) continue;
    const { resource = '', subresource = '', namespace: within = '', name = '' } = objectRef;
    const account = user.username.slice(prefix.length);
    const atMs = Date.parse(requestReceivedTimestamp);
    requests.set(auditID, { account, verb, resource, subresource, namespace: within, name, atMs, isOver });
  }
  return [...requests.values()];
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
