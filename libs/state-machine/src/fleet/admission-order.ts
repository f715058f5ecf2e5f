import { compareBuild } from 'semver';
import { crashesOf } from './admission-rules.ts';
import type { Facts, ShadowedFacts } from './facts.ts';
import { parseVersion } from './parse-version.ts';

/**
 * The order in which nodes are let in: the leader's node last, since its update moves the controller; fewest crashes first; then one from the
 * zone in which the fewest are being updated; then the oldest version; then by name, so that equal inputs give equal plans.
 * @param busy nodes being updated already
 */
export function admissionOrder(candidates: readonly ShadowedFacts[], busy: readonly Facts[]): ShadowedFacts[] {
  const load = new Map<string, number>();
  for (const facts of busy) add(load, zoneOf(facts));
  const ranks = Map.groupBy(candidates, (facts) => (facts.leader ? Infinity : crashesOf(facts)));
  return [...ranks].sort(([a], [b]) => a - b).flatMap(([, equals]) => spread(equals, load));
}

/** Takes from the least busy zone, again and again, the node that comes first in it. */
function spread(candidates: readonly ShadowedFacts[], load: Map<string, number>): ShadowedFacts[] {
  const queues = [...Map.groupBy([...candidates].sort(oldestFirst), zoneOf)].map(([zone, queue]) => ({ zone, queue: queue.reverse() }));
  const ordered: ShadowedFacts[] = [];
  for (;;) {
    let best: { zone: string; queue: ShadowedFacts[]; head: ShadowedFacts; load: number } | undefined;
    for (const { zone, queue } of queues) {
      const head = queue.at(-1);
      const busy = load.get(zone) ?? 0;
      if (head === undefined || (best !== undefined && (busy > best.load || (busy === best.load && oldestFirst(best.head, head) < 0))))
        continue;
      best = { zone, queue, head, load: busy };
    }
    if (best === undefined) return ordered;
    best.queue.pop();
    ordered.push(best.head);
    add(load, best.zone);
  }
}

function oldestFirst(a: ShadowedFacts, b: ShadowedFacts): number {
  const byVersion = compareVersions(a.status.current_version, b.status.current_version);
  return byVersion !== 0 ? byVersion : a.node.name < b.node.name ? -1 : 1;
}

function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [parseVersion(a), parseVersion(b)];
  // A version that cannot be read counts as the oldest.
  return left && right ? compareBuild(left, right) : Number(Boolean(left)) - Number(Boolean(right));
}

const zoneOf = ({ node }: Facts): string => node.zone ?? '';

function add(load: Map<string, number>, zone: string): void {
  load.set(zone, (load.get(zone) ?? 0) + 1);
}
