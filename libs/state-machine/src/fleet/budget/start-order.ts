import { compareBuild } from 'semver';
import { parseTimestamp } from '../../timestamps.ts';
import { consecutiveFailures, failedAttempts } from '../model/attempts.ts';
import type { Facts, ShadowedFacts } from '../model/facts.ts';
import { parseVersion } from '../model/parse-version.ts';

/**
 * The order in which nodes start or reboot: the node of the leader last, because its update moves the controller; fewest failures first,
 * reported by the agent or observed by the controller; then nodes whose last update did not end recently; then the zone in which the fewest
 * nodes are being updated; then the oldest version; then by name, so that equal inputs give equal plans.
 * @param busy nodes that are being updated already
 */
export function startOrder(candidates: readonly ShadowedFacts[], busy: readonly Facts[], now: number): ShadowedFacts[] {
  const load = new Map<string, number>();
  for (const facts of busy) add(load, zoneOf(facts));
  const ranks = [...Map.groupBy(candidates, (facts) => rankOf(facts, now))].sort(([a], [b]) => a - b);
  const ordered: ShadowedFacts[] = [];
  for (const [, equals] of ranks) spread(equals.sort(oldestFirst), load, ordered);
  return ordered;
}

// An agent that reports success after success and is never up to date must not be first each time.
const JUST_ENDED_MS = 10 * 60_000;

function rankOf(facts: ShadowedFacts, now: number): number {
  if (facts.leader) return Number.MAX_VALUE;
  const { shadow, desired } = facts;
  const endedAt = desired === 'Idle' ? parseTimestamp(shadow.spec.state_transition_timestamp, now) : undefined;
  const isBack = endedAt !== undefined && now - endedAt < JUST_ENDED_MS;
  return Math.max(consecutiveFailures(facts), failedAttempts(shadow)) + (isBack ? 0.5 : 0);
}

/**
 * Repeatedly takes the first node of the least busy zone.
 * @param candidates in their order within a zone
 * @param ordered receives them one by one
 */
function spread(candidates: readonly ShadowedFacts[], load: Map<string, number>, ordered: ShadowedFacts[]): void {
  const zones = [...Map.groupBy(candidates, zoneOf)].map(([name, queue]) => ({ name, queue: queue.reverse() }));
  for (;;) {
    let next: Zone | undefined;
    for (const zone of zones) if (comesBefore(zone, next, load)) next = zone;
    const facts = next?.queue.pop();
    if (next === undefined || facts === undefined) return;
    ordered.push(facts);
    add(load, next.name);
  }
}

/** A zone with its candidates, the first of them at the end. */
interface Zone {
  readonly name: string;
  readonly queue: ShadowedFacts[];
}

function comesBefore(zone: Zone, best: Zone | undefined, load: ReadonlyMap<string, number>): boolean {
  const head = zone.queue.at(-1);
  const first = best?.queue.at(-1);
  if (head === undefined || best === undefined || first === undefined) return head !== undefined;
  const busier = (load.get(zone.name) ?? 0) - (load.get(best.name) ?? 0);
  return busier < 0 || (busier === 0 && oldestFirst(head, first) < 0);
}

function oldestFirst(a: Facts, b: Facts): number {
  const byVersion = compareVersions(a.status.current_version, b.status.current_version);
  return byVersion !== 0 ? byVersion : a.node.name < b.node.name ? -1 : 1;
}

function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [parseVersion(a), parseVersion(b)];
  // An invalid version counts as the oldest.
  return left && right ? compareBuild(left, right) : Number(Boolean(left)) - Number(Boolean(right));
}

const zoneOf = ({ node }: Facts): string => node.zone ?? '';

function add(load: Map<string, number>, zone: string): void {
  load.set(zone, (load.get(zone) ?? 0) + 1);
}
