import type { Row } from './benchmark.ts';

/** A request of the operator to the Kubernetes API, as in an audit log. */
export interface OperatorRequest {
  /** `agent`, `apiserver` or `controller`. */
  readonly component: string;
  readonly verb: string;
  readonly resource: string;
  /** Empty if there is none, as namespace and name. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const ACCOUNT = /^brupop-(\w+)-service-account$/;
const USER = /^system:serviceaccount:brupop-bottlerocket-aws:(.+)$/;

/** The component of a ServiceAccount of the operator; undefined for any other. */
export const componentOf = (account: string): string | undefined => ACCOUNT.exec(account)?.[1];

/** The component of a user; undefined for any but the operator's. */
export const componentOfUser = (user: string): string | undefined => componentOf(USER.exec(user)?.[1] ?? '');

const isReview = ({ resource }: OperatorRequest): boolean => resource === 'tokenreviews';

/** Whether a request is independent of the number of nodes: renewals of the Lease, and the watches of caches, but not of all pods. */
export function isOfCluster({ verb, resource, namespace }: OperatorRequest): boolean {
  return resource === 'leases' || (verb === 'watch' && (resource !== 'pods' || namespace !== ''));
}

/** Excludes the token reviews that the nodes would have caused in the same time of rest. */
export function beyondRest<R extends OperatorRequest>(requests: readonly R[], reviewsPerHour: number, hours: number): readonly R[] {
  const reviews = requests.filter(isReview);
  const beyond = Math.max(0, reviews.length - Math.round(reviewsPerHour * hours));
  return [...requests.filter((request) => !isReview(request)), ...reviews.slice(0, beyond)];
}

/** The number of token reviews among them. */
export const reviewsIn = (requests: readonly OperatorRequest[]): number => requests.filter(isReview).length;

/** Requests by kind, the most frequent first, each count divided by `by`. */
export function breakdown(when: string, requests: readonly OperatorRequest[], by: number): Row[] {
  const kinds = Map.groupBy(
    requests,
    ({ component, verb, resource, subresource }) => `${component} ${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`,
  );
  return [...kinds]
    .map(([kind, { length }]) => ({ what: `– ${kind}, ${when}`, unit: '', ours: [length / by] }))
    .sort((a, b) => (b.ours[0] ?? 0) - (a.ours[0] ?? 0));
}
