import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { admitChange } from '../admission/admit-request.ts';
import type { Core } from './core.ts';
import { timestamp } from './core.ts';
import { computeBudget, isPodReady, statedBudget } from './eviction-budget.ts';
import type { Context } from '../http/http-io.ts';
import { parseJson } from '../http/http-io.ts';
import { deleteObject } from './object-deletion.ts';
import { parseDeleteOptions } from './object-writes.ts';
import { matchesLabelSelector } from './selectors.ts';
import { StatusError, badRequest, conflict, success } from '../http/status.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';
import { namedObject } from '../http/write-handlers.ts';

const PDB_STORAGE = 'poddisruptionbudgets.policy';
const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };

const refused = (cause: string, retryAfterSeconds: number): StatusError =>
  new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  });

/** The number of pods that their controllers ask for, if every selected pod has a controller. */
function expectedPods(core: Core, pods: readonly KubeObject[]): number | undefined {
  const wanted = new Map<string, number>();
  for (const { metadata } of pods) {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    const storage = { ReplicaSet: 'replicasets.apps', StatefulSet: 'statefulsets.apps' }[owner?.kind ?? ''];
    const object = storage === undefined ? undefined : core.store.get(storage, `${metadata.namespace ?? ''}/${owner?.name ?? ''}`);
    const replicas = valueAt(object, 'spec.replicas');
    if (owner === undefined || typeof replicas !== 'number') return undefined;
    wanted.set(owner.uid, replicas);
  }
  return [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function takeFromBudget(core: Core, budget: KubeObject, pod: KubeObject, dryRun: boolean): void {
  const { metadata } = budget;
  const stated = statedBudget(budget);
  const observed = valueAt(budget, 'status.observedGeneration') ?? 0;
  if (stated !== undefined && typeof observed === 'number' && observed < (metadata.generation ?? 0)) {
    throw refused(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  const inNamespace = core.store.list('pods').filter((other) => other.metadata.namespace === metadata.namespace);
  const selected = inNamespace.filter((other) => matchesLabelSelector(valueAt(budget, 'spec.selector'), other.metadata.labels));
  const numbers = stated ?? computeBudget(budget, inNamespace, expectedPods(core, selected));
  const policy = valueAt(budget, 'spec.unhealthyPodEvictionPolicy');
  const enoughHealthy = numbers.currentHealthy >= numbers.desiredHealthy && numbers.desiredHealthy > 0;
  // A pod that is not ready costs nothing if the budget is met without it.
  if (!isPodReady(pod) && (policy === 'AlwaysAllow' || enoughHealthy)) return;
  if (numbers.disruptionsAllowed <= 0) {
    throw refused(
      `The disruption budget ${metadata.name} needs ${String(numbers.desiredHealthy)} healthy pods and has ${String(numbers.currentHealthy)} currently`,
      0,
    );
  }
  if (stated === undefined || dryRun) return;
  const status: Json = isRecord(budget['status']) ? budget['status'] : {};
  const disrupted = isRecord(status['disruptedPods']) ? status['disruptedPods'] : {};
  core.store.put(PDB_STORAGE, {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: numbers.disruptionsAllowed - 1,
      disruptedPods: { ...disrupted, [pod.metadata.name]: timestamp(core.clock) },
    },
  });
}

function markDisrupted(core: Core, pod: KubeObject): KubeObject {
  const status: Json = isRecord(pod['status']) ? pod['status'] : {};
  const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: timestamp(core.clock),
  };
  const others = conditions.filter((other) => !isRecord(other) || other['type'] !== 'DisruptionTarget');
  return core.store.put('pods', { ...pod, status: { ...status, conditions: [...others, condition] } });
}

// A pod that is not running, or is terminating, does not count for a budget.
const ignoresBudgets = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(String(valueAt(pod, 'status.phase')));

/**
 * POST pods/eviction: deletes the pod if every PodDisruptionBudget allows it.
 * @throws StatusError 429 if one does not, 500 if several select the pod, 404, 409 if a precondition fails
 */
export async function handleEviction(context: Context): Promise<HttpResponse> {
  const { core, type, info, request, query } = context;
  const body = parseJson(request);
  const named = valueAt(body, 'metadata.name');
  if (named !== undefined && named !== '' && named !== info.name) {
    throw badRequest(`name in URL does not match name in Eviction object`);
  }
  await admitChange(context, { operation: 'CREATE', object: isRecord(body) ? body : {}, kind: EVICTION });
  const pod = namedObject(context);
  const options = parseDeleteOptions(valueAt(body, 'deleteOptions'), query);
  const { uid } = options.preconditions ?? {};
  if (uid !== undefined && uid !== pod.metadata.uid) {
    throw conflict(type, info.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
  }
  let target = pod;
  if (!ignoresBudgets(pod)) {
    const budgets = core.store
      .list(PDB_STORAGE)
      .filter(({ metadata }) => metadata.namespace === pod.metadata.namespace)
      .filter((budget) => matchesLabelSelector(valueAt(budget, 'spec.selector'), pod.metadata.labels));
    const [budget, second] = budgets;
    if (second !== undefined)
      throw new StatusError(
        500,
        undefined,
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    if (budget !== undefined) takeFromBudget(core, budget, pod, options.dryRun === true);
    if (options.dryRun !== true) target = markDisrupted(core, pod);
  }
  deleteObject(core, type, target, options);
  return jsonResponse(201, success(undefined, 201));
}
