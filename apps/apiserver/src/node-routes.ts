import { parsePrefer, RESPOND_ASYNC, ROUTES, type StepProgress } from '@brupop/agent-api';
import { AGENT_COMPONENT, COMPONENT_LABEL, CORDONED_ANNOTATION, ownershipState } from '@brupop/crd-models';
import {
  cordonNode,
  createRemovals,
  describeDrain,
  drainBlock,
  drainStep,
  excludeFromLoadBalancers,
  giveNodeBack,
  isCordonRecorded,
  listNodePods,
  removeExclusion,
  surveyPods,
  uncordonNode,
  type DrainPolicy,
  type DrainResult,
  type ListedPods,
  type NodeChangeOptions,
  type NodeChangeResult,
  type Ownership,
  type PodSelector,
  type Removals,
} from '@brupop/drain';
import { isKubeStatus, type EventRecorder, type Regarding } from '@brupop/kube-runtime';
import type { Request, Response, Router } from 'express';
import { callerOf } from './authentication.ts';
import { nodeTopic, SERVER_COMPONENTS } from './caches.ts';
import { createDrainEvents, type DrainEvents } from './drain-events.ts';
import { createDrainLog, type DrainLog } from './drain-log.ts';
import { RequestError } from './errors.ts';
import { nodeProblem, readHealth } from './node-health.ts';
import { giveUpInTime, isRefused, orRefused, type RefusedChange } from './refused-change.ts';
import { requestSignal } from './request-signal.ts';
import { adoptLegacy, checkPermission, type ShadowRoutesDeps } from './shadow-routes.ts';
import { createVolumeWaits, type VolumeWaits } from './volume-waits.ts';
import { drainProgress, sinceOf } from './step-progress.ts';

/** What the handlers of this scope need. */
export interface NodeRoutesDeps extends ShadowRoutesDeps {
  readonly drainPolicy: DrainPolicy;
  readonly events: Pick<EventRecorder, 'record'>;
}

const NOT_READY_RETRY_MS = 2_000;
/** How long a request waits for its Node to be Ready; no longer than other steps take. */
const LONGEST_READY_WAIT_MS = 10_000;

/** Adds the steps that an agent may ask to be taken on its own node. Each may be repeated, at any replica. */
export function addNodeRoutes(router: Router, deps: NodeRoutesDeps): void {
  const { client, clock, log, metrics } = deps;
  const drains: Drains = {
    log: createDrainLog(log),
    removals: createRemovals({ client, clock }),
    volumes: createVolumeWaits({ client, clock, log }),
    events: createDrainEvents(deps.events),
  };

  router.post(ROUTES.cordonAndDrain, async (request, response) => {
    const target = targetOf(deps, response);
    await checkPermission(deps, target.nodeName, requestSignal(response));
    await adoptLegacyCordon(deps, request, target);
    const policy = policyFor(request, deps.drainPolicy);
    const cordoned = await orRefused('the cordon', orNodeNotFound(target, cordon(deps, drains, target)));
    if (isRefused(cordoned)) {
      giveUpInTime(deps, target.nodeName, cordoned, policy);
      answerRefused(request, response, cordoned);
      return;
    }
    const { held, listed } = cordoned;
    let result = await drainOnce(deps, drains, target, { held, policy, listed });
    const isReturned = watchReturn(deps, target.nodeName);
    // Agents of Brupop 1.x take the answer for the end of the drain, so there must be none before.
    while (result.kind === 'waiting' && !wantsProgress(request)) {
      if (deps.notifier.closed) throw new RequestError('SHUTTING_DOWN', 'This replica is shutting down; retry to continue the drain');
      if (isReturned()) throw new RequestError('NODE_CONFLICT', 'The node was restored during the drain; retry to start a new drain');
      await checkPermission(deps, target.nodeName, requestSignal(response));
      result = await drainOnce(deps, drains, target, { held, policy });
    }
    metrics.stepped('drain', result.kind);
    if (result.kind === 'timedOut') throw new RequestError('DRAIN_TIMED_OUT', describeDrain(result));
    answer(request, response, drainProgress(result, held?.since, deps.clock.now() - sinceMsOf(deps, held)));
  });

  router.post(ROUTES.uncordon, async (request, response) => {
    const target = targetOf(deps, response);
    await adoptLegacy(deps, target);
    // Agents of Brupop 1.x want to be uncordoned at once, and ask for the rest by themselves.
    const returned = wantsProgress(request);
    drains.removals.abandon(target.nodeName);
    const uncordoned = await orRefused(
      'the uncordon',
      orNodeNotFound(
        target,
        returned ? returnWhenReady(deps, target) : uncordonNode({ ...target, known: deps.caches.node(target.nodeName) }),
      ),
    );
    if (isRefused(uncordoned)) {
      answerRefused(request, response, uncordoned);
      return;
    }
    const { changed, keptByOther, refused } = uncordoned;
    if (refused !== undefined) {
      metrics.stepped('uncordon', 'waiting');
      const message = `Waiting for the Node to be Ready: ${refused}`;
      answer(request, response, { done: false, message, retry_after_ms: NOT_READY_RETRY_MS });
      return;
    }
    if (changed)
      log.info('Uncordoning node', {
        node: target.nodeName,
        reason: keptByOther ? "operator's cordon removed, an earlier cordon stays" : "operator's cordon removed",
      });
    metrics.stepped('uncordon', 'done');
    answer(request, response, {
      done: true,
      message: keptByOther ? 'The node stays cordoned: someone else cordoned it' : 'The node is schedulable',
      returned,
    });
  });

  router.post(ROUTES.excludeFromLb, async (request, response) => {
    const target = targetOf(deps, response);
    await checkPermission(deps, target.nodeName, requestSignal(response));
    await adoptLegacyCordon(deps, request, target);
    const excluded = await orRefused(
      'the exclusion from load balancers',
      orNodeNotFound(target, excludeFromLoadBalancers({ ...target, known: deps.caches.node(target.nodeName) })),
    );
    if (isRefused(excluded)) {
      giveUpInTime(deps, target.nodeName, excluded, deps.drainPolicy);
      answerRefused(request, response, excluded);
      return;
    }
    const { changed, held } = excluded;
    if (changed) log.info('Excluding node from load balancers', { node: target.nodeName });
    metrics.stepped('exclude', 'done');
    answer(request, response, { done: true, message: 'The node is excluded from load balancers', ...sinceOf(held?.since) });
  });

  router.post(ROUTES.removeExclusionFromLb, async (request, response) => {
    const target = targetOf(deps, response);
    await adoptLegacy(deps, target);
    const included = await orRefused(
      'the removal of the exclusion from load balancers',
      orNodeNotFound(target, removeExclusion({ ...target, known: deps.caches.node(target.nodeName) })),
    );
    if (isRefused(included)) {
      answerRefused(request, response, included);
      return;
    }
    const { changed, keptByOther } = included;
    if (changed) log.info('Removing exclusion from load balancers', { node: target.nodeName });
    metrics.stepped('include', 'done');
    answer(request, response, {
      done: true,
      message: keptByOther
        ? 'The node stays excluded from load balancers: someone else excluded it'
        : 'The node is not excluded from load balancers',
    });
  });

  router.get(ROUTES.health, async (request, response) => {
    const { node, pod } = callerOf(response);
    response.json(
      await readHealth({
        client,
        nodeName: node.name,
        known: deps.caches.node(node.name),
        exceptPodUid: pod.uid,
        signal: requestSignal(response),
      }),
    );
  });
}

/**
 * An agent of Brupop 1.x asks again where an apiserver of its own has ended in the middle of the step: what that one did must not pass for an
 * administrator's. Agents of ours have written a status before, by which it was adopted.
 */
async function adoptLegacyCordon(deps: NodeRoutesDeps, request: Request, target: Target): Promise<void> {
  if (!wantsProgress(request)) await adoptLegacy(deps, target);
}

/** Waits up to 10 s for the cache to show the Node as Ready, then gives the node back, provided that the version of the Node that is patched is Ready. */
async function returnWhenReady({ caches, notifier, clock }: NodeRoutesDeps, target: Target): Promise<NodeChangeResult> {
  const { nodeName, stop } = target;
  const untilMs = clock.monotonic() + LONGEST_READY_WAIT_MS;
  const isAwaited = (): boolean => {
    const known = caches.node(nodeName);
    return known !== undefined && nodeProblem(known) !== undefined && clock.monotonic() < untilMs && !notifier.closed && !stop.aborted;
  };
  while (isAwaited()) await notifier.change(nodeTopic(nodeName), untilMs - clock.monotonic(), stop);
  return giveNodeBack({ ...target, known: caches.node(nodeName), unless: nodeProblem });
}

/** The node of a caller. What has been sent to the API server runs to its end, also when the caller has gone; nothing is begun after that. */
type Target = NodeChangeOptions & { readonly stop: AbortSignal };

/** Aborts never: what is under way when the process ends goes with it. */
const UNTIL_THE_END = new AbortController().signal;

function targetOf({ client, clock }: NodeRoutesDeps, response: Response): Target {
  return { client, clock, nodeName: callerOf(response).node.name, signal: UNTIL_THE_END, stop: requestSignal(response) };
}

/** The operator's own servers. The replica that drains its own node should be the last to leave it. */
function serversOf({ namespace }: NodeRoutesDeps): PodSelector {
  return { namespace, labels: { [COMPONENT_LABEL]: SERVER_COMPONENTS } };
}

/**
 * After a failure agents of Brupop 1.x stage anew, which they cannot while their host is ready to boot, as it is by then: the node would never be updated.
 * So theirs lasts, as with an apiserver of their own, until the node is empty or an agent of ours takes over.
 */
function policyFor(request: Request, policy: DrainPolicy): DrainPolicy {
  return wantsProgress(request) || policy.onTimeout === 'force' ? policy : { ...policy, onTimeout: 'wait' };
}

/**
 * Looks whether a node that was cordoned by us has been given back, or uncordoned by an administrator, meanwhile. Of an agent that has lost its power nothing is heard: what it asked for must not
 * go on when its node is back in service.
 */
function watchReturn({ caches }: NodeRoutesDeps, nodeName: string): () => boolean {
  let wasHeld = false;
  return () => {
    const node = caches.node(nodeName);
    const isHeld = node !== undefined && ownershipState(node, CORDONED_ANNOTATION) === 'valid';
    wasHeld ||= isHeld;
    return wasHeld && !isHeld;
  };
}

/** When the drain began; milliseconds since the epoch. */
function sinceMsOf({ clock }: NodeRoutesDeps, held: Ownership | undefined): number {
  return Date.parse(held?.since ?? '') || clock.now();
}

/**
 * Cordons the node. Which pods are there before is recorded with the cordon: it tells those to be evicted from those that come back. The list serves the first
 * step of the drain, too, so it costs nothing.
 */
async function cordon(
  deps: NodeRoutesDeps,
  drains: Drains,
  target: Target,
): Promise<NodeChangeResult & { readonly listed: ListedPods | undefined }> {
  const { client, nodeName, stop } = target;
  const known = deps.caches.node(nodeName);
  const lastUids = deps.caches.serversOn(nodeName);
  const listed = known !== undefined && isCordonRecorded(known) ? undefined : await listNodePods(client, nodeName, stop);
  const seen = listed === undefined ? undefined : surveyPods(listed.pods, { ...selectorsOf(deps), nodeName, lastUids });
  const result = await cordonNode({ ...target, known, lastUids, seen });
  if (seen !== undefined) drains.volumes.begin(nodeName);
  if (seen !== undefined && result.changed) drains.events.bare(regarding(deps, nodeName), seen.bare);
  return { ...result, listed };
}

function regarding({ caches }: NodeRoutesDeps, name: string): Regarding {
  return { apiVersion: 'v1', kind: 'Node', name, uid: caches.node(name)?.metadata.uid ?? name };
}

/** Which pods are the operator's own. */
function selectorsOf(deps: NodeRoutesDeps): { readonly ours: PodSelector; readonly last: PodSelector } {
  return { ours: { namespace: deps.namespace, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } }, last: serversOf(deps) };
}

/** What the drains of this replica share. */
interface Drains {
  readonly log: DrainLog;
  readonly removals: Removals;
  readonly volumes: VolumeWaits;
  readonly events: DrainEvents;
}

async function drainOnce(
  deps: NodeRoutesDeps,
  drains: Drains,
  { stop: signal, ...target }: Target,
  {
    held,
    policy,
    listed,
  }: { readonly held: Ownership | undefined; readonly policy: DrainPolicy; readonly listed?: ListedPods | undefined },
): Promise<DrainResult> {
  const sinceMs = sinceMsOf(deps, held);
  const step = await drainStep({
    ...target,
    ...selectorsOf(deps),
    listed,
    signal,
    removals: drains.removals,
    log: deps.log.child({ node: target.nodeName }),
    sinceMs,
    // This replica may be among the pods that are waited for, and ends when its last request has.
    stop: deps.notifier.closing,
    policy,
    lastUids: held?.last,
    presentUids: held?.present,
  });
  const result =
    held?.volumes === true ? await withVolumes(deps, drains, step, { sinceMs, policy, signal, nodeName: target.nodeName }) : step;
  drains.events.drained(regarding(deps, target.nodeName), result);
  const block = result.kind === 'done' ? undefined : drainBlock(result.waiting);
  deps.metrics.drained(result, block?.reason);
  drains.log.note(target.nodeName, result, block);
  return result;
}

/** A drain whose pods are gone ends when their volumes are detached, or have been waited for long enough. */
async function withVolumes(
  { clock, notifier }: NodeRoutesDeps,
  { volumes }: Drains,
  step: DrainResult,
  given: { readonly nodeName: string; readonly sinceMs: number; readonly policy: DrainPolicy; readonly signal: AbortSignal },
): Promise<DrainResult> {
  if (step.kind !== 'done') return step;
  const { sinceMs, policy, ...target } = given;
  const timeoutLeftMs = policy.timeoutMs > 0 ? sinceMs + policy.timeoutMs - clock.now() : Infinity;
  const { attached, leftMs } = await volumes.wait({ ...target, keep: step.claims ?? [], leftMs: timeoutLeftMs, stop: notifier.closing });
  if (attached.length === 0) return step;
  if (leftMs === 0) return { ...step, attached };
  const { evicted, left } = step;
  const waiting = { kind: 'waiting' as const, evicted, ...(left === undefined ? {} : { left }), attached, waiting: [] };
  return { ...waiting, notice: describeDrain(waiting), endsAtMs: clock.now() + leftMs, askAgainMs: VOLUMES_RETRY_MS };
}

// Detaching takes a while, and each look lists the VolumeAttachments of the whole cluster.
const VOLUMES_RETRY_MS = 7_000;

async function orNodeNotFound<T>({ nodeName }: NodeChangeOptions, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (isKubeStatus(error, 404)) throw new RequestError('NODE_NOT_FOUND', `Node ${nodeName} not found`, error);
    throw error;
  }
}

function wantsProgress(request: Request): boolean {
  return parsePrefer(request.get('prefer')).respondAsync;
}

const REFUSED_RETRY_MS = 5_000;

/** @throws RequestError for an agent of Brupop 1.x, to which any other answer would mean that the step is done */
function answerRefused(request: Request, response: Response, { blocked }: RefusedChange): void {
  if (!wantsProgress(request)) throw new RequestError('KUBERNETES_REFUSED', blocked.message);
  answer(request, response, { done: false, message: blocked.message, blocked, retry_after_ms: REFUSED_RETRY_MS });
}

/** 200 done, 202 ask again. Agents of Brupop 1.x get an empty 200. */
function answer(request: Request, response: Response, progress: StepProgress): void {
  if (!wantsProgress(request)) {
    response.status(200).end();
    return;
  }
  response.setHeader('Preference-Applied', RESPOND_ASYNC);
  response.status(progress.done ? 200 : 202).json(progress);
}
