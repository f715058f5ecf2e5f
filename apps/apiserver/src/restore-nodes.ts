import { AGENT_COMPONENT, COMPONENT_LABEL, shadowName } from '@brupop/crd-models';
import { giveNodeBack } from '@brupop/drain';
import { paths, type KubeClient } from '@brupop/kube-runtime';
import { sleep, type Clock, type Random } from '@brupop/ports';
import { describeError, type Logger } from '@brupop/process';
import { decideRestore, type OwnedNode } from '@brupop/state-machine';
import { ownedStateOf, readOrUndefined, soundOrNone, type Caches, type RawNode } from './caches.ts';
import { inParallel } from './in-parallel.ts';
import type { ApiserverMetrics } from './metrics.ts';

/** What {@link returnNodes} needs. */
export interface ReturnNodesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly caches: Caches;
  readonly metrics: ApiserverMetrics;
}

const LOOK_EVERY_MS = 20_000;
const AT_ONCE = 10;

/**
 * Gives nodes back that an update has left cordoned or excluded from load balancers and whose agent will not do it. Every replica looks, and any
 * may act: undoing is guarded and idempotent. Keeps nothing but since when it has seen a node like this. Resolves when `signal` aborts.
 */
export async function returnNodes(deps: ReturnNodesDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = deps;
  let due: readonly DueNode[] = [];
  for (;;) {
    try {
      await sleep(clock, LOOK_EVERY_MS * (0.75 + random() / 2), signal);
    } catch {
      return;
    }
    due = dueNodes(deps, due);
    await inParallel(
      due.filter(({ dueMs }) => clock.monotonic() >= dueMs),
      AT_ONCE,
      ({ name }) =>
        returnNode(deps, name, signal).catch((error: unknown) => {
          log.warn('Failed to restore node; will retry', { node: name, reason: describeError(error) });
        }),
    );
  }
}

/** A node to be given back, and when; monotonic time. */
interface DueNode {
  readonly name: string;
  readonly seenMs: number;
  readonly dueMs: number;
}

function dueNodes({ caches, clock }: ReturnNodesDeps, before: readonly DueNode[]): readonly DueNode[] {
  if (!caches.hasSynced()) return [];
  const seen = new Map(before.map(({ name, seenMs }) => [name, seenMs]));
  return caches.ownedNodes().flatMap(({ name, held }) => {
    const decision = decideRestore(held);
    if (decision.kind === 'leave') return [];
    const seenMs = seen.get(name) ?? clock.monotonic();
    return [{ name, seenMs, dueMs: seenMs + decision.afterMs }];
  });
}

/** Decides once more on what the Kubernetes API says now, and acts. */
async function returnNode(
  { client, clock, log, namespace, metrics }: ReturnNodesDeps,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const node = await readOrUndefined<RawNode>(client, paths.node(nodeName), signal);
  const state = node === undefined ? undefined : ownedStateOf(node);
  if (state === undefined) return;
  const decision = decideRestore(await withOthers(client, namespace, nodeName, state, signal));
  if (decision.kind === 'leave') return;
  // Of the very Node that was decided on, unless it has changed since: then there is another look.
  await giveNodeBack({ client, clock, nodeName, signal, known: node });
  metrics.stepped('return', 'done');
  log.info('Restored node on behalf of its agent', { node: nodeName, reason: decision.reason });
}

async function withOthers(
  client: KubeClient,
  namespace: string,
  nodeName: string,
  state: Pick<OwnedNode, 'managed' | 'ready' | 'bootId'>,
  signal: AbortSignal,
): Promise<OwnedNode> {
  const query = { fieldSelector: `spec.nodeName=${nodeName}`, labelSelector: `${COMPONENT_LABEL}=${AGENT_COMPONENT}` };
  const agents = await client.request<{ readonly items: readonly unknown[] }>('GET', paths.pods(namespace), { query, signal });
  const shadow = await readOrUndefined<unknown>(client, paths.shadow(namespace, shadowName(nodeName)), signal);
  return { ...state, hasAgent: agents.items.length > 0, shadow: soundOrNone(shadow) };
}
