import { RESPOND_ASYNC, ROUTES, type StepProgress } from '@brupop/agent-api';
import { restoreNode, type NodeChangeResult } from '@brupop/drain';
import { nodeProblem } from '@brupop/state-machine';
import type { Router } from 'express';
import { callerOf } from './authentication.ts';
import { nodeTopic } from './caches.ts';
import { adoptLegacyUpdate } from './legacy/legacy-update.ts';
import { readHealth } from './node-health.ts';
import { drainStartMs, targetOf, type NodeSteps, type NodeStepsDeps, type Target } from './node-steps.ts';
import { checkPermission } from './permission.ts';
import { isRefused, type RefusedChange } from './refused-change.ts';
import { requestSignal } from './request-signal.ts';
import { drainProgress, sinceOf } from './step-progress.ts';

const NOT_READY_RETRY_MS = 2_000;
/** How long a request waits for its Node to be Ready: no longer than other steps take. */
const LONGEST_READY_WAIT_MS = 10_000;
const REFUSED_RETRY_MS = 5_000;

/** Adds the steps that agents request on their own nodes. Each request takes one bounded step, and its response reports the progress. */
export function addNodeRoutes(router: Router, deps: NodeStepsDeps, steps: NodeSteps): void {
  const { client, clock, caches } = deps;

  const addStep = (path: string, take: (target: Target) => Promise<StepProgress>): void => {
    router.post(path, async (_request, response) => {
      const progress = await take(targetOf(deps, response));
      response.setHeader('Preference-Applied', RESPOND_ASYNC);
      // 202 means call again.
      response.status(progress.done ? 200 : 202).json(progress);
    });
  };

  addStep(ROUTES.cordonAndDrain, async (target) => {
    await checkPermission(deps, target.nodeName, target.stop);
    const cordoned = await steps.cordon(target, deps.drainPolicy);
    if (isRefused(cordoned)) return refusal(cordoned);
    const result = await steps.drain(target, cordoned, deps.drainPolicy);
    steps.endDrain(result);
    return drainProgress(result, cordoned.owned?.since, clock.now() - drainStartMs(clock, cordoned.owned));
  });

  addStep(ROUTES.uncordon, async (target) => {
    await adoptLegacyUpdate(deps, target);
    const uncordoned = await steps.uncordon(target, () => restoreWhenReady(deps, target));
    if (isRefused(uncordoned)) return refusal(uncordoned);
    const { keptByOther, refused } = uncordoned;
    if (refused !== undefined)
      return { done: false, message: `Waiting for the Node to be Ready: ${refused}`, retry_after_ms: NOT_READY_RETRY_MS };
    const message = keptByOther ? 'The node stays cordoned: someone else cordoned it' : 'The node is schedulable';
    return { done: true, message, returned: true };
  });

  addStep(ROUTES.excludeFromLb, async (target) => {
    await checkPermission(deps, target.nodeName, target.stop);
    const excluded = await steps.exclude(target);
    if (isRefused(excluded)) return refusal(excluded);
    return { done: true, message: 'The node is excluded from load balancers', ...sinceOf(excluded.owned?.since) };
  });

  addStep(ROUTES.removeExclusionFromLb, async (target) => {
    await adoptLegacyUpdate(deps, target);
    const included = await steps.include(target);
    if (isRefused(included)) return refusal(included);
    const kept = 'The node stays excluded from load balancers: someone else excluded it';
    return { done: true, message: included.keptByOther ? kept : 'The node is not excluded from load balancers' };
  });

  router.get(ROUTES.health, async (_request, response) => {
    const { node, pod } = callerOf(response);
    const signal = requestSignal(response);
    response.json(await readHealth({ client, nodeName: node.name, known: caches.node(node.name), exceptPodUid: pod.uid, signal }));
  });
}

/** Waits up to 10 s until the cache shows the Node as Ready, then restores the node if the version of the Node that is patched is Ready. */
async function restoreWhenReady({ caches, notifier, clock }: NodeStepsDeps, target: Target): Promise<NodeChangeResult> {
  const { nodeName, stop } = target;
  const untilMs = clock.monotonic() + LONGEST_READY_WAIT_MS;
  const isAwaited = (): boolean => {
    const known = caches.node(nodeName);
    return known !== undefined && nodeProblem(known) !== undefined && clock.monotonic() < untilMs && !notifier.closed && !stop.aborted;
  };
  while (isAwaited()) await notifier.change(nodeTopic(nodeName), untilMs - clock.monotonic(), stop);
  return restoreNode({ ...target, known: caches.node(nodeName), unless: nodeProblem });
}

function refusal({ blocked }: RefusedChange): StepProgress {
  return { done: false, message: blocked.message, blocked, retry_after_ms: REFUSED_RETRY_MS };
}
