import type { BottlerocketShadow } from '@brupop/crd-models';
import { timestampMs } from '@brupop/kube-objects';

/** The observed reports of checks for updates of an agent. */
export interface ReportSpan {
  /** The last observed `checked_at`. */
  readonly checkedAt: string;
  /** Since when it has this value, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** Whether the controller has seen it change. */
  readonly moved: boolean;
}

/** By name of the shadow. */
export type ReportSpans = ReadonlyMap<string, ReportSpan>;

/** The observed reports of a fleet. */
export interface FollowedReports {
  readonly spans: ReportSpans;
  /** Names of the shadows whose agents have not reported another check in time. */
  readonly overdue: ReadonlySet<string>;
}

const HOUR_MS = 3_600_000;
/** How late a report may be, by the clock of the controller. */
const TOLERANCE_MS = HOUR_MS;
// Before the controller has seen a report change, only the clock of the node says how old it is, and that clock may be hours off.
const TOLERANCE_BY_NODE_CLOCK_MS = 6 * HOUR_MS;

/**
 * Finds agents that are Ready but have stopped checking for updates. An agent reports its checks about once an hour. The age of a report is
 * measured by the clock of the controller, from the moment at which the report changed.
 * @param now in milliseconds, of a monotonic clock and since the epoch
 */
export function followReports(
  before: ReportSpans,
  shadows: readonly BottlerocketShadow[],
  now: { readonly steady: number; readonly wall: number },
): FollowedReports {
  const spans = new Map<string, ReportSpan>();
  const overdue = new Set<string>();
  for (const { metadata, spec, status } of shadows) {
    const check = status?.update_check;
    // During an update there may be no check for hours, and an agent that reports a failing check has not stopped.
    if (check == null || check.result === 'Failing' || spec.state !== 'Idle' || status?.current_state !== 'Idle') continue;
    const checkedAt = check.checked_at ?? '';
    const known = before.get(metadata.name);
    const isSame = known?.checkedAt === checkedAt;
    const span = isSame ? known : { checkedAt, since: now.steady, moved: known !== undefined };
    spans.set(metadata.name, span);
    const everyMs = Math.max(HOUR_MS, (check.interval_seconds ?? 0) * 1_000);
    const isSilent = now.steady - span.since >= everyMs + TOLERANCE_MS;
    const isOld = !span.moved && now.wall - (timestampMs(checkedAt) ?? Infinity) >= everyMs + TOLERANCE_BY_NODE_CLOCK_MS;
    if (isSilent || isOld) overdue.add(metadata.name);
  }
  return { spans, overdue };
}
