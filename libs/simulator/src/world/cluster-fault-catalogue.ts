import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CONTROLLER_LEASE,
  DEFAULT_NAMESPACE,
} from '@brupop/crd-models';
import { jsonResponse } from '@brupop/ports';
import type { HttpResponse, Random } from '@brupop/ports';
import { applied, DEFAULT_FAULT_MS, fault, pick } from './fault.ts';
import type { AppliedFault, Fault, FaultMoment, FaultOptions } from './fault.ts';
import { isActive, keyOf, placeOfObject } from './objects.ts';
import type { DisruptionBudgetObject } from './objects.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { microTime } from './timestamps.ts';

/** Stops one PodDisruptionBudget from allowing evictions; without one, creates a budget over all pods of `default`. */
function block(cluster: SimulatedCluster, { random, namespace = DEFAULT_NAMESPACE }: FaultOptions, afterMs?: number): AppliedFault {
  // A budget that is already blocked is left alone: what it allowed before is unknown.
  const budgets = cluster.store
    .list('PodDisruptionBudget')
    .filter(({ metadata, spec }) => metadata.namespace !== namespace && spec.maxUnavailable !== 0);
  const budget = pick(budgets, random);
  if (budget === undefined) {
    const place = { namespace: 'default', name: 'blocks-all' };
    const spec = { maxUnavailable: 0, selector: {} };
    cluster.store.ensure({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: place, spec });
    const remove = (): void => {
      cluster.store.delete('PodDisruptionBudget', place);
    };
    return applied(cluster, keyOf(place), remove, afterMs);
  }
  const place = placeOfObject(budget);
  cluster.store.patch('PodDisruptionBudget', place, { spec: { maxUnavailable: 0, minAvailable: null } });
  const restore = (): void => {
    cluster.store.patch('PodDisruptionBudget', place, { spec: limitsOf(budget) });
  };
  return applied(cluster, keyOf(place), restore, afterMs);
}

function limitsOf({ spec }: DisruptionBudgetObject): object {
  return { maxUnavailable: spec.maxUnavailable ?? null, minAvailable: spec.minAvailable ?? null };
}

function killFault(name: string, component: string, all: boolean, help: string, moment: FaultMoment = 'during-update'): Fault {
  const apply: Fault['apply'] = (cluster, { random, node, namespace = DEFAULT_NAMESPACE }) => {
    const pods = cluster
      .pods(namespace, { [COMPONENT_LABEL]: component })
      .filter((pod) => isActive(pod) && (node === undefined || pod.spec.nodeName === node));
    const one = pick(pods, random);
    const victims = all ? pods : one === undefined ? [] : [one];
    for (const pod of victims) cluster.killPod(placeOfObject(pod));
    return applied(cluster, victims.length === 0 ? undefined : victims.map((pod) => keyOf(placeOfObject(pod))).join(' '));
  };
  return fault(name, help, apply, { moment });
}

// What a kube-apiserver answers when it, its database or one of its admission plugins fails.
const ERRORS = [
  { code: 429, reason: 'TooManyRequests', message: 'Too many requests, please try again later.' },
  { code: 500, reason: 'InternalError', message: 'Internal error occurred: etcdserver: request timed out' },
  { code: 503, reason: 'ServiceUnavailable', message: 'apiserver is shutting down' },
  { code: 504, reason: 'Timeout', message: 'Timeout: request did not complete within the allotted timeout' },
] as const;

const ERROR_PROBABILITY = 0.2;

function randomError(random: Random): HttpResponse | undefined {
  if (random() >= ERROR_PROBABILITY) return undefined;
  const { code, reason, message } = pick(ERRORS, random) ?? ERRORS[0];
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message };
  return jsonResponse(code, status, code === 429 ? { 'retry-after': '1' } : {});
}

/** Faults of the operator's own pods, of workloads and of the Kubernetes API. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  fault(
    'pdb-blocks',
    'A PodDisruptionBudget refuses all evictions for a while. Drains wait, and finish once it is over.',
    (cluster, options) => block(cluster, options, options.durationMs ?? DEFAULT_FAULT_MS),
    { moment: 'during-update' },
  ),
  fault(
    'pdb-blocks-forever',
    'A PodDisruptionBudget refuses all evictions. Nodes with such pods are restored; all others are updated.',
    (cluster, options) => block(cluster, options),
    { lasting: true },
  ),
  killFault('agent-killed', AGENT_COMPONENT, false, 'One agent is killed. It restarts and resumes the update.', 'on-updated-node'),
  killFault(
    'apiserver-killed',
    APISERVER_COMPONENT,
    false,
    'One replica of the apiserver is killed. The others take its requests; nothing is lost.',
  ),
  killFault(
    'apiserver-all-killed',
    APISERVER_COMPONENT,
    true,
    'All replicas of the apiserver are killed. The agents wait until one is back, then continue.',
  ),
  killFault(
    'controller-killed',
    CONTROLLER_COMPONENT,
    false,
    'One controller is killed. It restarts, or another replica takes over; the limits still hold.',
  ),
  fault(
    'leadership-lost',
    'Another holder takes the lease of the controller and lets it expire. The controller stops, and leads again after that.',
    (cluster, { namespace = DEFAULT_NAMESPACE }) => {
      const place = { namespace, name: CONTROLLER_LEASE };
      if (cluster.store.get('Lease', place) === undefined) return applied(cluster, undefined);
      const renewTime = microTime(cluster.clock);
      cluster.store.patch('Lease', place, { spec: { holderIdentity: 'another-holder', acquireTime: renewTime, renewTime } });
      return applied(cluster, keyOf(place));
    },
    { moment: 'during-update' },
  ),
  fault(
    'volumes-stuck',
    'The storage driver detaches no volume for a while. A drained node whose pods used volumes waits at most two minutes, and then reboots.',
    (cluster, { durationMs = DEFAULT_FAULT_MS }) => {
      cluster.keepVolumesAttached(true);
      const restore = (): void => {
        cluster.keepVolumesAttached(false);
      };
      return applied(cluster, 'cluster', restore, durationMs);
    },
    { moment: 'during-update' },
  ),
  fault(
    'watch-dropped',
    'All watches on the Kubernetes API are closed. They resume; no change is missed.',
    (cluster) => {
      cluster.api.dropWatches();
      return applied(cluster, 'cluster');
    },
    { moment: 'during-update' },
  ),
  fault(
    'watch-expired',
    'All watches on the Kubernetes API end with 410 Gone. All objects are listed again; no change is missed.',
    (cluster) => {
      cluster.api.expireWatches();
      return applied(cluster, 'cluster');
    },
    { moment: 'during-update' },
  ),
  fault(
    'api-errors',
    'One in five requests to the Kubernetes API fails with 429 or 5xx for a while. The rollout is slower, but ends in the same way.',
    (cluster, { random, durationMs = DEFAULT_FAULT_MS }) => {
      const before = cluster.api.faults.beforeRequest;
      // Users keep their access: they want to see what happens.
      cluster.api.faults.beforeRequest = (_request, { username }) =>
        username.startsWith('system:serviceaccount:') ? randomError(random) : undefined;
      const restore = (): void => {
        cluster.api.faults.beforeRequest = before;
      };
      return applied(cluster, 'cluster', restore, durationMs);
    },
    { moment: 'during-update' },
  ),
];
