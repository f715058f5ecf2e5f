import type { Simulation } from '@brupop/simulator';
import type { Outcome } from './outcome.ts';
import { phaseTable } from './timeline.ts';
import type { Timeline } from './timeline.ts';

/** The text at the end: time per phase and node, evictions, requests to the Kubernetes API, and errors. */
export function summaryOf(
  { cluster, api }: Simulation,
  timeline: Timeline,
  elapsedMs: number,
  outcome: Outcome | undefined,
  errors: readonly string[],
): string {
  const { evicted, blocked } = cluster.drainStatistics();
  return [
    headline(outcome, timeline.nodes().length, elapsedMs),
    '',
    phaseTable(timeline),
    '',
    `Evictions: ${String(evicted)} succeeded, ${String(blocked)} refused by a PodDisruptionBudget`,
    '',
    requestTable(api.requestCounts()),
    ...(errors.length === 0
      ? []
      : ['', `${String(errors.length)} ${errors.length === 1 ? 'error' : 'errors'} in the logs, starting with:`, ...errors.slice(0, 3)]),
  ].join('\n');
}

function headline(outcome: Outcome | undefined, nodes: number, elapsedMs: number): string {
  const time = `after ${(elapsedMs / 1000).toFixed(1)} s`;
  if (outcome === undefined) return `Interrupted ${time}`;
  if (outcome.kind !== 'done-but') return `All ${String(nodes)} nodes are up to date ${time}`;
  const left = outcome.left.map(({ node, why }) => `  ${node}: ${why}`);
  return [`${String(nodes - left.length)} of ${String(nodes)} nodes are up to date ${time}. Left behind:`, ...left].join('\n');
}

/** Number of requests per `verb resource component`, the most frequent first. */
export function requestTable(counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  return [
    `Requests to the Kubernetes API: ${String(total)}`,
    ...rows.slice(0, 15).map(([what, count]) => `${String(count).padStart(7)}  ${what}`),
  ].join('\n');
}
