import { parseCreateShadowRequest, parsePrefer, ROUTES } from '@brupop/agent-api';
import { parseShadowStatus, shadowName, UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import type { KubeNode } from '@brupop/kube-objects';
import { paths, type KubeClient, getOrUndefined } from '@brupop/kube-runtime';
import type { Clock, Logger, Random } from '@brupop/ports';
import type { RequestHandler, Router } from 'express';
import { agentReport } from './agent-report.ts';
import { callerOf } from './authentication.ts';
import { isManaged } from './cached-node.ts';
import { transformShadow } from './cached-shadow.ts';
import type { Caches } from './caches.ts';
import { RequestError } from './errors.ts';
import { isLegacyStatus } from './legacy/legacy-status.ts';
import { adoptLegacyUpdate } from './legacy/legacy-update.ts';
import type { ApiserverMetrics } from './metrics.ts';
import { notPermitted, whyReportRefused } from './permission.ts';
import { findShadow, readShadow } from './read-shadow.ts';
import { requestSignal } from './request-signal.ts';
import { etagOf, isOlder, matchesEtag, revisionOf, type ShadowNotifier } from './shadow-notifier.ts';
import { ensureShadow, writeStatus } from './shadow-writes.ts';

/** What these handlers need. */
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

/** The longest that a poll is pending: well below the idle timeouts of proxies and load balancers in between. */
export const LONGEST_WAIT_SECONDS = 60;

/** Adds GET, POST and PUT of the caller's shadow. */
export function addShadowRoutes(router: Router, json: RequestHandler, deps: ShadowRoutesDeps): void {
  const { client, clock, log, namespace, notifier } = deps;

  router.get(ROUTES.shadow, async (request, response) => {
    const signal = requestSignal(response);
    const name = shadowName(callerOf(response).node.name);
    const known = request.get('if-none-match');
    // A caller that knows no version yet decides by this response alone: no cache is fresh enough for it.
    let shadow = revisionOf(known) === undefined ? await readShadow(deps, name, signal) : await findShadow(deps, name, signal);
    const untilMs = clock.monotonic() + waitMs(parsePrefer(request.get('prefer')).wait, deps.random);
    const endPoll = deps.metrics.pollPending();
    try {
      // An older spec would make the agent act twice, so the poll also stays pending while this replica's cache lags behind.
      while (shadow !== undefined && (matchesEtag(known, etagOf(shadow)) || isOlder(known, shadow))) {
        const leftMs = untilMs - clock.monotonic();
        if (leftMs <= 0 || notifier.closed || signal.aborted) break;
        await notifier.change(name, leftMs, signal);
        shadow = await findShadow(deps, name, signal);
      }
      if (isOlder(known, shadow)) shadow = await readShadow(deps, name, signal);
    } finally {
      endPoll();
    }
    // The client then connects to another replica.
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
    // Runs to its end even if the caller disconnects, so that the caller's next attempt finds the shadow.
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
    // The first status of an agent of ours removes the evidence that Brupop 1.x cordoned the node.
    if (!isLegacyStatus(parsed.value)) await adoptLegacyUpdate(deps, { nodeName: node.name, stop: signal });
    // This write does end with its caller: a late write could replace a newer status.
    const shadow = await writeStatus(client, namespace, node.name, parsed.value, signal);
    // The response to the write contains the current spec at no cost: a permission that was withdrawn before is not used.
    const refusal = whyReportRefused(shadow, parsed.value);
    if (refusal !== undefined) throw notPermitted(node.name, refusal);
    response.json(parsed.value);
  });
}

/** The token identifies the caller, and only that counts; but a body that names another node indicates a bug. */
function checkCreateBody(body: unknown, nodeName: string): void {
  // An empty body of unknown length is parsed as {}.
  if (body === undefined || JSON.stringify(body) === '{}') return;
  const parsed = parseCreateShadowRequest(body);
  if (!parsed.ok) throw new RequestError('BODY_INVALID', parsed.errors.join('; '));
  if (parsed.value.node_selector.node_name !== nodeName)
    throw new RequestError('NODE_MISMATCH', 'node_selector.node_name: expected the node of the caller');
}

/** The agent of a node that has lost its label exits shortly after its shadow is deleted, and must not recreate it. */
async function checkLabel({ caches, client }: ShadowRoutesDeps, name: string, signal: AbortSignal): Promise<void> {
  if ((await caches.findNode(name, signal))?.managed === true) return;
  // The label may be newer than the cache.
  const node = await getOrUndefined<KubeNode>(client, paths.node(name), { signal });
  if (node === undefined || isManaged(node)) return;
  throw new RequestError('NODE_NOT_LABELLED', `Node ${name} has no label ${UPDATER_INTERFACE_LABEL}=${UPDATER_INTERFACE_VERSION}`);
}

/** How long a poll is pending: up to a tenth less than requested, so that agents whose polls began together do not return together. */
export function waitMs(seconds: number | undefined, random: Random): number {
  return Math.min(seconds ?? 0, LONGEST_WAIT_SECONDS) * 1000 * (1 - random() / 10);
}
