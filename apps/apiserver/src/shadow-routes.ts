import { parseCreateShadowRequest, parsePrefer, ROUTES } from '@brupop/agent-api';
import {
  parseShadowStatus,
  shadowName,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
  type BottlerocketShadow,
} from '@brupop/crd-models';
import { adoptNode } from '@brupop/drain';
import { paths, type KubeClient } from '@brupop/kube-runtime';
import type { Clock, Random } from '@brupop/ports';
import type { Logger } from '@brupop/process';
import type { RequestHandler, Router } from 'express';
import { agentReport } from './agent-report.ts';
import { callerOf } from './authentication.ts';
import { isManaged, readOrUndefined, transformShadow, type Caches, type RawNode } from './caches.ts';
import { RequestError } from './errors.ts';
import type { ApiserverMetrics } from './metrics.ts';
import { whyNotPermitted, whyReportRefused } from './permission.ts';
import { requestSignal } from './request-signal.ts';
import { etagOf, isOlder, matchesEtag, revisionOf, type ShadowNotifier } from './shadow-notifier.ts';
import { ensureShadow, isLegacyUpdate, writeStatus } from './shadow-writes.ts';

/** What the handlers of this scope need. */
export interface ShadowRoutesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly caches: Caches;
  readonly notifier: ShadowNotifier;
  readonly metrics: ApiserverMetrics;
}

/** The longest that a poll is held: well below the idle timeouts of what may stand between. */
export const LONGEST_WAIT_SECONDS = 60;

/** Adds GET, POST and PUT of the caller's shadow. */
export function addShadowRoutes(router: Router, json: RequestHandler, deps: ShadowRoutesDeps): void {
  const { client, clock, log, namespace, notifier } = deps;

  router.get(ROUTES.shadow, async (request, response) => {
    const signal = requestSignal(response);
    const name = shadowName(callerOf(response).node.name);
    const known = request.get('if-none-match');
    // Who knows nothing yet decides by this answer alone: no cache is good enough for it.
    let shadow = revisionOf(known) === undefined ? await readShadow(deps, name, signal) : await find(deps, name, signal);
    const untilMs = clock.monotonic() + waitMs(parsePrefer(request.get('prefer')).wait, deps.random);
    const stopCounting = deps.metrics.holding();
    try {
      // Going back to an older spec would make the agent act twice, so a replica that lags behind holds the answer too.
      while (shadow !== undefined && (matchesEtag(known, etagOf(shadow)) || isOlder(known, shadow))) {
        const leftMs = untilMs - clock.monotonic();
        if (leftMs <= 0 || notifier.closed || signal.aborted) break;
        await notifier.change(name, leftMs, signal);
        shadow = await find(deps, name, signal);
      }
      if (isOlder(known, shadow)) shadow = await readShadow(deps, name, signal);
    } finally {
      stopCounting();
    }
    // A client that comes back finds another replica.
    if (notifier.closed) response.setHeader('Connection', 'close');
    if (shadow === undefined) throw new RequestError('SHADOW_NOT_FOUND', `Shadow ${name} not found`);
    response.setHeader('ETag', etagOf(shadow));
    response.setHeader('Cache-Control', 'no-cache');
    if (matchesEtag(known, etagOf(shadow))) response.status(304).end();
    else response.json(shadow);
  });

  router.post(ROUTES.shadow, json, async (request, response) => {
    const { node } = callerOf(response);
    const signal = requestSignal(response);
    checkCreateBody(request.body, node.name);
    await checkLabel(deps, node.name, signal);
    // Runs to its end, also when the caller has gone: to hang up would undo it.
    const shadow = await ensureShadow(client, namespace, node, new AbortController().signal);
    log.info('Ensured that the shadow exists', { node: node.name, shadow: shadow.metadata.name });
    response.json(transformShadow(shadow));
  });

  router.put(ROUTES.shadow, json, async (request, response) => {
    const signal = requestSignal(response);
    const { node } = callerOf(response);
    const { status, dropped } = agentReport(request.body);
    deps.metrics.dropped(dropped);
    const parsed = parseShadowStatus(status);
    if (!parsed.ok) throw new RequestError('BODY_INVALID', parsed.errors.join('; '));
    // Once our agent has written here, nothing tells any more that its predecessor had cordoned the node.
    if (parsed.value.boot_id !== undefined) await adoptLegacy(deps, { nodeName: node.name, stop: signal });
    // Not so this: written after its agent has gone, it might replace a newer one.
    const shadow = await writeStatus(client, namespace, node.name, parsed.value, signal);
    // The answer to the write shows the spec at that very moment, for nothing: a permission that was taken back before is not used.
    const refusal = whyReportRefused(shadow, parsed.value);
    if (refusal !== undefined) throw notPermitted(node.name, refusal);
    response.json(parsed.value);
  });
}

/** Marks as ours what Brupop 1.x left on the node in the middle of an update, so that it is undone in the end. */
export async function adoptLegacy(
  deps: Pick<ShadowRoutesDeps, 'client' | 'clock' | 'caches' | 'log' | 'namespace'>,
  { nodeName, stop }: { readonly nodeName: string; readonly stop: AbortSignal },
): Promise<void> {
  if (!isLegacyUpdate(await find(deps, shadowName(nodeName), stop))) return;
  const { signal } = new AbortController();
  const { changed } = await adoptNode({ client: deps.client, clock: deps.clock, nodeName, signal, stop });
  if (changed) deps.log.info('Adopted the cordon of Brupop 1.x', { node: nodeName });
}

/** The shadow as the cache has it. */
async function find(
  deps: Pick<ShadowRoutesDeps, 'caches' | 'client' | 'namespace'>,
  name: string,
  signal: AbortSignal,
): Promise<BottlerocketShadow | undefined> {
  // Just created, perhaps, and not in the cache yet: a 404 would make the agent create it again.
  return deps.caches.shadow(name) ?? (await readShadow(deps, name, signal));
}

/** The shadow as the API server has it now. */
export async function readShadow(
  { client, namespace }: Pick<ShadowRoutesDeps, 'client' | 'namespace'>,
  name: string,
  signal: AbortSignal,
): Promise<BottlerocketShadow | undefined> {
  const read = await readOrUndefined<BottlerocketShadow>(client, paths.shadow(namespace, name), signal);
  return read === undefined ? undefined : transformShadow(read);
}

/** @throws RequestError `NOT_PERMITTED` where the controller does not permit the node to be disturbed; a cache that lags is never the only witness against it */
export async function checkPermission(
  deps: Pick<ShadowRoutesDeps, 'caches' | 'client' | 'namespace'>,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const name = shadowName(nodeName);
  if (whyNotPermitted(deps.caches.shadow(name)) === undefined) return;
  const refusal = whyNotPermitted(await readShadow(deps, name, signal));
  if (refusal !== undefined) throw notPermitted(nodeName, refusal);
}

function notPermitted(nodeName: string, why: string): RequestError {
  return new RequestError('NOT_PERMITTED', `Not permitted to disrupt node ${nodeName}: ${why}`);
}

/** Who asks is known already, and only that counts; but a body that says something else is a fault worth telling. */
function checkCreateBody(body: unknown, nodeName: string): void {
  // An empty body of unknown length is parsed as {}.
  if (body === undefined || JSON.stringify(body) === '{}') return;
  const parsed = parseCreateShadowRequest(body);
  if (!parsed.ok) throw new RequestError('BODY_INVALID', parsed.errors.join('; '));
  if (parsed.value.node_selector.node_name !== nodeName)
    throw new RequestError('NODE_MISMATCH', 'node_selector.node_name: expected the node of the caller');
}

/** The agent of a node that has lost its label ends a moment later than its shadow, which it must not bring back. */
async function checkLabel({ caches, client }: ShadowRoutesDeps, name: string, signal: AbortSignal): Promise<void> {
  if ((await caches.findNode(name, signal))?.managed === true) return;
  // The label may be newer than the cache.
  const node = await readOrUndefined<RawNode>(client, paths.node(name), signal);
  if (node === undefined || isManaged(node)) return;
  throw new RequestError('NODE_NOT_LABELLED', `Node ${name} has no label ${UPDATER_INTERFACE_LABEL}=${UPDATER_INTERFACE_VERSION}`);
}

/** How long to hold a poll. Up to a tenth less than asked for, so that agents that came together do not come back together. */
export function waitMs(seconds: number | undefined, random: Random): number {
  return Math.min(seconds ?? 0, LONGEST_WAIT_SECONDS) * 1000 * (1 - random() / 10);
}
