import { parsePrefer, ROUTES } from '@brupop/agent-api';
import { CORDONED_ANNOTATION, ownershipState } from '@brupop/crd-models';
import { uncordonNode, type DrainPolicy } from '@brupop/drain';
import type { RequestHandler, Router } from 'express';
import type { Caches } from '../caches.ts';
import { RequestError } from '../errors.ts';
import { targetOf, type NodeSteps, type NodeStepsDeps, type Target } from '../node-steps.ts';
import { checkPermission } from '../permission.ts';
import { isRefused, type RefusedChange } from '../refused-change.ts';
import { adoptLegacyUpdate } from './legacy-update.ts';

/**
 * Adds the node steps for agents of Brupop 1.x, which take any 2xx response for the end of a step: each request lasts until its step is
 * done, and its response is empty. Requests of other agents pass on to the next route. An agent may repeat a request after an apiserver of
 * Brupop 1.x was replaced in the middle of the step, so each step first adopts what that apiserver did.
 */
export function addLegacyNodeRoutes(router: Router, deps: NodeStepsDeps, steps: NodeSteps): void {
  const { caches, notifier } = deps;
  const policy = legacyPolicy(deps.drainPolicy);

  const addStep = (path: string, take: (target: Target) => Promise<void>): void => {
    router.post(path, onlyLegacy, async (_request, response) => {
      await take(targetOf(deps, response));
      response.status(200).end();
    });
  };

  addStep(ROUTES.cordonAndDrain, async (target) => {
    await checkPermission(deps, target.nodeName, target.stop);
    await adoptLegacyUpdate(deps, target);
    const { owned, listed } = accepted(await steps.cordon(target, policy));
    let result = await steps.drain(target, { owned, listed }, policy);
    const isRestored = watchRestore(caches, target.nodeName);
    while (result.kind === 'waiting') {
      if (notifier.closed) throw new RequestError('SHUTTING_DOWN', 'This replica is shutting down; retry to continue the drain');
      if (isRestored()) throw new RequestError('NODE_CONFLICT', 'The node was restored during the drain; retry to start a new drain');
      await checkPermission(deps, target.nodeName, target.stop);
      result = await steps.drain(target, { owned, listed: undefined }, policy);
    }
    steps.endDrain(result);
  });

  addStep(ROUTES.uncordon, async (target) => {
    await adoptLegacyUpdate(deps, target);
    // Immediately, whether the Node is Ready or not; the exclusion from load balancers has its own request.
    accepted(await steps.uncordon(target, () => uncordonNode({ ...target, known: caches.node(target.nodeName) })));
  });

  addStep(ROUTES.excludeFromLb, async (target) => {
    await checkPermission(deps, target.nodeName, target.stop);
    await adoptLegacyUpdate(deps, target);
    accepted(await steps.exclude(target));
  });

  addStep(ROUTES.removeExclusionFromLb, async (target) => {
    await adoptLegacyUpdate(deps, target);
    accepted(await steps.include(target));
  });
}

/** Agents of Brupop 1.x do not send `Prefer: respond-async`. */
const onlyLegacy: RequestHandler = (request, _response, next) => {
  if (parsePrefer(request.get('prefer')).respondAsync) next('route');
  else next();
};

/** @throws RequestError `KUBERNETES_REFUSED`: any 2xx response would mean that the step is done */
function accepted<T extends object>(result: T | RefusedChange): T {
  if (isRefused(result)) throw new RequestError('KUBERNETES_REFUSED', result.blocked.message);
  return result;
}

/**
 * After a failure, agents of Brupop 1.x stage the update again. They cannot while their host is ready to boot into it, as it is during the
 * drain, so the node would never be updated. As with an apiserver of Brupop 1.x, the drain therefore lasts until the node is empty or an
 * agent of ours takes over.
 */
function legacyPolicy(policy: DrainPolicy): DrainPolicy {
  return policy.onTimeout === 'force' ? policy : { ...policy, onTimeout: 'wait' };
}

/**
 * Returns a check whether a node that the operator had cordoned was restored, or uncordoned by an administrator, in the meantime. An agent
 * that lost power does not close its connection, but its drain must not continue when its node is back in service.
 */
function watchRestore(caches: Caches, nodeName: string): () => boolean {
  let wasOwned = false;
  return () => {
    const node = caches.node(nodeName);
    const isOwned = node !== undefined && ownershipState(node, CORDONED_ANNOTATION) === 'valid';
    wasOwned ||= isOwned;
    return wasOwned && !isOwned;
  };
}
