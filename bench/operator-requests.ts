import type { Row } from './benchmark.ts';

/** A request of the operator to the Kubernetes API, as an audit log has it. */
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

/** The component that a ServiceAccount of the operator's is for; undefined for any other. */
export const componentOf = (account: string): string | undefined => ACCOUNT.exec(account)?.[1];

/** The component that a user is; undefined for any other than the operator's. */
export const componentOfUser = (user: string): string | undefined => componentOf(USER.exec(user)?.[1] ?? '');

const isReview = ({ resource }: OperatorRequest): boolean => resource === 'tokenreviews';

/** Whether it is there once, however many nodes there are: renewals of the Lease, and the watches of the caches, which are of the operator's namespace or of no pods. */
export function isOfCluster({ verb, resource, namespace }: OperatorRequest): boolean {
  return resource === 'leases' || (verb === 'watch' && (resource !== 'pods' || namespace !== ''));
}

/** Nodes that wait for their turn have their tokens reviewed now and then, as at rest: as many reviews are left out as so many hours of rest have. */
export function beyondRest<R extends OperatorRequest>(requests: readonly R[], reviewsPerHour: number, hours: number): readonly R[] {
  const reviews = requests.filter(isReview);
  const beyond = Math.max(0, reviews.length - Math.round(reviewsPerHour * hours));
  return [...requests.filter((request) => !isReview(request)), ...reviews.slice(0, beyond)];
}

/** How many of them are reviews of tokens. */
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
