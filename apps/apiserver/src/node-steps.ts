import { AGENT_COMPONENT, COMPONENT_LABEL, OWNERSHIP_NAMES } from '@brupop/crd-models';
import {
  cordonNode,
  createRemovals,
  describeDrain,
  drainBlock,
  drainStep,
  excludeFromLoadBalancers,
  isCordonRecorded,
  listNodePods,
  removeExclusion,
  surveyPods,
  type DrainPolicy,
  type DrainResult,
  type ListedPods,
  type NodeChangeOptions,
  type NodeChangeResult,
  type Ownership,
  type PodSelector,
} from '@brupop/drain';
import { timestampMs } from '@brupop/kube-objects';
import { isKubeStatus, type EventRecorder, type Regarding } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { Response } from 'express';
import { callerOf } from './authentication.ts';
import { SERVER_COMPONENTS } from './caches.ts';
import { createDrainEvents } from './drain-events.ts';
import { createDrainLog } from './drain-log.ts';
import { RequestError } from './errors.ts';
import { failAfterTimeout, isRefused, orRefused, type RefusedChange } from './refused-change.ts';
import { requestSignal } from './request-signal.ts';
import type { ShadowRoutesDeps } from './shadow-routes.ts';
import { createVolumeWaits } from './volume-waits.ts';

/** What the node steps and their handlers need. */
export interface NodeStepsDeps extends ShadowRoutesDeps {
  readonly drainPolicy: DrainPolicy;
  readonly events: Pick<EventRecorder, 'record'>;
}

/**
 * The node of a caller. A request that was sent to the API server is completed even if the caller disconnects; no other is started after
 * that.
 */
export type Target = NodeChangeOptions & { readonly stop: AbortSignal };

/** What cordoning a node found and left. */
export interface Cordoned {
  readonly owned: Ownership | undefined;
  /** The pods that were listed for the cordon; undefined if an earlier request had cordoned the node. */
  readonly listed: ListedPods | undefined;
}

/** The steps that agents of any version request on their own nodes. Each may be repeated, at any replica. */
export interface NodeSteps {
  /**
   * Cordons the node and records which pods were on it before.
   * @throws RequestError `NODE_NOT_FOUND`, or `DRAIN_TIMED_OUT` after a long refusal
   */
  cordon(target: Target, policy: DrainPolicy): Promise<Cordoned | RefusedChange>;
  /** Takes one bounded step of the drain. Only the first step uses `listed`. */
  drain(target: Target, cordoned: Cordoned, policy: DrainPolicy): Promise<DrainResult>;
  /** Counts how the steps of one request ended. @throws RequestError `DRAIN_TIMED_OUT` */
  endDrain(result: DrainResult): void;
  /** Excludes the node from load balancers. @throws as `cordon` */
  exclude(target: Target): Promise<NodeChangeResult | RefusedChange>;
  /** Removes the operator's exclusion. @throws RequestError `NODE_NOT_FOUND` */
  include(target: Target): Promise<NodeChangeResult | RefusedChange>;
  /** Uncordons the node by `change`, and stops the removal of its pods. @throws RequestError `NODE_NOT_FOUND` */
  uncordon(target: Target, change: (target: Target) => Promise<NodeChangeResult>): Promise<NodeChangeResult | RefusedChange>;
}

// Never aborts: a request in flight when the process exits is lost with it.
const NEVER = new AbortController().signal;

/** The node of the caller that gets this response. */
export function targetOf({ client, clock }: NodeStepsDeps, response: Response): Target {
  const { name: nodeName } = callerOf(response).node;
  return { client, clock, nodeName, names: OWNERSHIP_NAMES, signal: NEVER, stop: requestSignal(response) };
}

/** When the drain began, in milliseconds since the Unix epoch; now if that is unknown. */
export function drainStartMs(clock: Clock, owned: Ownership | undefined): number {
  return timestampMs(owned?.since) ?? clock.now();
}

// Detaching takes a while, and each check lists the VolumeAttachments of the whole cluster.
const VOLUMES_RETRY_MS = 7_000;

/** The steps of one replica. */
export function createNodeSteps(deps: NodeStepsDeps): NodeSteps {
  const { client, clock, log, metrics, caches, notifier, namespace, drainPolicy } = deps;
  const drainLog = createDrainLog(log);
  const events = createDrainEvents(deps.events);
  const removals = createRemovals({ client, clock });
  const volumes = createVolumeWaits({ client, clock, log });
  // The replica that drains its own node must be the last pod to leave it.
  const last: PodSelector = { namespace, labels: { [COMPONENT_LABEL]: SERVER_COMPONENTS } };
  const selectors = { ours: { namespace, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } }, last };

  const regarding = (name: string): Regarding => ({
    apiVersion: 'v1',
    kind: 'Node',
    name,
    uid: caches.node(name)?.metadata.uid ?? name,
  });

  /**
   * The record of the pods distinguishes those to evict from those that return. The list serves the first step of the drain, too, so it
   * costs no request.
   */
  const cordon = async (target: Target): Promise<Cordoned> => {
    const { nodeName, stop } = target;
    const known = caches.node(nodeName);
    const lastUids = caches.serversOn(nodeName);
    const listed = known !== undefined && isCordonRecorded(known, OWNERSHIP_NAMES) ? undefined : await listNodePods(client, nodeName, stop);
    const seen = listed === undefined ? undefined : surveyPods(listed.pods, { ...selectors, nodeName, lastUids });
    const { changed, owned } = await cordonNode({ ...target, known, lastUids, seen });
    if (seen !== undefined) volumes.begin(nodeName);
    if (seen !== undefined && changed) events.bare(regarding(nodeName), seen.bare);
    return { owned, listed };
  };

  /** Ends a drain whose pods are gone when their volumes are detached, or the wait for that has timed out. */
  const withVolumes = async (step: DrainResult, target: Target, sinceMs: number, { timeoutMs }: DrainPolicy): Promise<DrainResult> => {
    if (step.kind !== 'done') return step;
    const wait = { nodeName: target.nodeName, keep: step.claims ?? [], signal: target.stop, stop: notifier.closing };
    const { attached, leftMs } = await volumes.wait({ ...wait, leftMs: timeoutMs > 0 ? sinceMs + timeoutMs - clock.now() : Infinity });
    if (attached.length === 0) return step;
    if (leftMs === 0) return { ...step, attached };
    const { evicted, left } = step;
    const waiting = { kind: 'waiting' as const, evicted, ...(left === undefined ? {} : { left }), attached, waiting: [] };
    return { ...waiting, notice: describeDrain(waiting), endsAtMs: clock.now() + leftMs, askAgainMs: VOLUMES_RETRY_MS };
  };

  return {
    cordon: async (target, policy) => {
      const cordoned = await orRefused('the cordon', orNodeNotFound(target, cordon(target)));
      if (isRefused(cordoned)) failAfterTimeout(deps, target.nodeName, cordoned, policy);
      return cordoned;
    },
    drain: async (target, { owned, listed }, policy) => {
      const { nodeName } = target;
      const sinceMs = drainStartMs(clock, owned);
      const step = await drainStep({
        ...target,
        ...selectors,
        listed,
        signal: target.stop,
        removals,
        log: log.child({ node: nodeName }),
        sinceMs,
        // This replica may be among the pods that the drain waits for, and exits only after its last request.
        stop: notifier.closing,
        policy,
        lastUids: owned?.last,
        presentUids: owned?.present,
      });
      const result = owned?.volumes === true ? await withVolumes(step, target, sinceMs, policy) : step;
      events.drained(regarding(nodeName), result);
      const block = result.kind === 'done' ? undefined : drainBlock(result.waiting);
      metrics.drained(result, block?.reason);
      drainLog.note(nodeName, result, block);
      return result;
    },
    endDrain: (result) => {
      metrics.stepped('drain', result.kind);
      if (result.kind === 'timedOut') throw new RequestError('DRAIN_TIMED_OUT', describeDrain(result));
    },
    exclude: async (target) => {
      const change = excludeFromLoadBalancers({ ...target, known: caches.node(target.nodeName) });
      const excluded = await orRefused('the exclusion from load balancers', orNodeNotFound(target, change));
      if (isRefused(excluded)) {
        failAfterTimeout(deps, target.nodeName, excluded, drainPolicy);
        return excluded;
      }
      if (excluded.changed) log.info('Excluding node from load balancers', { node: target.nodeName });
      metrics.stepped('exclude', 'done');
      return excluded;
    },
    include: async (target) => {
      const change = removeExclusion({ ...target, known: caches.node(target.nodeName) });
      const included = await orRefused('the removal of the exclusion from load balancers', orNodeNotFound(target, change));
      if (isRefused(included)) return included;
      if (included.changed) log.info('Removing exclusion from load balancers', { node: target.nodeName });
      metrics.stepped('include', 'done');
      return included;
    },
    uncordon: async (target, change) => {
      removals.abandon(target.nodeName);
      const uncordoned = await orRefused('the uncordon', orNodeNotFound(target, change(target)));
      if (isRefused(uncordoned)) return uncordoned;
      const { changed, keptByOther, refused } = uncordoned;
      metrics.stepped('uncordon', refused === undefined ? 'done' : 'waiting');
      const reason = keptByOther ? "operator's cordon removed, an earlier cordon stays" : "operator's cordon removed";
      if (refused === undefined && changed) log.info('Uncordoning node', { node: target.nodeName, reason });
      return uncordoned;
    },
  };
}

async function orNodeNotFound<T>({ nodeName }: Target, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (isKubeStatus(error, 404)) throw new RequestError('NODE_NOT_FOUND', `Node ${nodeName} not found`, error);
    throw error;
  }
}
