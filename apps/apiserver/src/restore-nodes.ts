import { AGENT_COMPONENT, COMPONENT_LABEL, shadowName, shadowPath, OWNERSHIP_NAMES } from '@brupop/crd-models';
import { restoreNode as restore } from '@brupop/drain';
import type { KubeNode } from '@brupop/kube-objects';
import { paths, type KubeClient, getOrUndefined } from '@brupop/kube-runtime';
import { describeError, sleep, type Clock, type Random, type Logger } from '@brupop/ports';
import { decideRestore, type OwnedNode } from '@brupop/state-machine';
import { ownedStateOf, type OwnedState } from './cached-node.ts';
import { soundOrUndefined } from './cached-shadow.ts';
import type { Caches } from './caches.ts';
import { inParallel } from './in-parallel.ts';
import type { ApiserverMetrics } from './metrics.ts';

interface RestoreNodesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly caches: Caches;
  readonly metrics: ApiserverMetrics;
}

const CHECK_EVERY_MS = 20_000;
const AT_ONCE = 10;

/**
 * Restores nodes that an update left cordoned or excluded from load balancers and whose agents will not restore them. Every replica checks,
 * and any may act: the changes are guarded and idempotent. Its only state is since when it has seen each such node. Resolves when `signal`
 * aborts.
 */
export async function restoreNodes(deps: RestoreNodesDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = deps;
  let due: readonly DueNode[] = [];
  for (;;) {
    try {
      await sleep(clock, CHECK_EVERY_MS * (0.75 + random() / 2), signal);
    } catch {
      return;
    }
    due = dueNodes(deps, due);
    await inParallel(
      due.filter(({ dueMs }) => clock.monotonic() >= dueMs),
      AT_ONCE,
      ({ name }) =>
        restoreNode(deps, name, signal).catch((error: unknown) => {
          log.warn('Failed to restore node; will retry', { node: name, reason: describeError(error) });
        }),
    );
  }
}

/** A node to restore, and when; monotonic time. */
interface DueNode {
  readonly name: string;
  readonly seenMs: number;
  readonly dueMs: number;
}

function dueNodes({ caches, clock }: RestoreNodesDeps, before: readonly DueNode[]): readonly DueNode[] {
  if (!caches.hasSynced()) return [];
  const seen = new Map(before.map(({ name, seenMs }) => [name, seenMs]));
  return caches.ownedNodes().flatMap(({ name, owned }) => {
    const decision = decideRestore(owned);
    if (decision.kind === 'leave') return [];
    const seenMs = seen.get(name) ?? clock.monotonic();
    return [{ name, seenMs, dueMs: seenMs + decision.afterMs }];
  });
}

/** Decides again from the current state in the Kubernetes API, and acts. */
async function restoreNode(
  { client, clock, log, namespace, metrics }: RestoreNodesDeps,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const node = await getOrUndefined<KubeNode>(client, paths.node(nodeName), { signal });
  const state = node === undefined ? undefined : ownedStateOf(node);
  if (state === undefined) return;
  const decision = decideRestore(await readOwned(client, namespace, nodeName, state, signal));
  if (decision.kind === 'leave') return;
  // Guarded by the version of the Node that was decided on. If it has changed since, the next check decides again.
  await restore({ client, clock, nodeName, names: OWNERSHIP_NAMES, signal, known: node });
  metrics.stepped('return', 'done');
  log.info('Restored node on behalf of its agent', { node: nodeName, reason: decision.reason });
}

/** Completes the state of a node by its agent pods and its shadow. */
async function readOwned(
  client: KubeClient,
  namespace: string,
  nodeName: string,
  state: OwnedState,
  signal: AbortSignal,
): Promise<OwnedNode> {
  const query = { fieldSelector: `spec.nodeName=${nodeName}`, labelSelector: `${COMPONENT_LABEL}=${AGENT_COMPONENT}` };
  const agents = await client.request<{ readonly items: readonly unknown[] }>('GET', paths.pods(namespace), { query, signal });
  const shadow = await getOrUndefined<unknown>(client, shadowPath(namespace, shadowName(nodeName)), { signal });
  return { ...state, hasAgent: agents.items.length > 0, shadow: soundOrUndefined(shadow) };
}
