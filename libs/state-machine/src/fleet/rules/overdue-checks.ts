import type { BottlerocketShadow } from '@brupop/crd-models';

/** What is remembered of one agent's reports of checks for updates. */
export interface ReportSpan {
  /** `checked_at` as last seen. */
  readonly checkedAt: string;
  /** Since when it is that, in milliseconds of a clock that never jumps. */
  readonly since: number;
  /** Whether it was seen to change. */
  readonly moved: boolean;
}

/** By name of the shadow. */
export type ReportSpans = ReadonlyMap<string, ReportSpan>;

/** How the reports of a fleet stand in time. */
export interface FollowedReports {
  readonly spans: ReportSpans;
  /** Names of shadows whose agents should long have reported another check. */
  readonly overdue: ReadonlySet<string>;
}

const HOUR_MS = 3_600_000;
/** How much longer than it should take an agent may be silent, as the controller itself has seen. */
const PATIENCE_MS = HOUR_MS;
// Where the controller has seen nothing yet, the clock of the node has to do, which may be hours off.
const PATIENCE_BY_OTHER_CLOCK_MS = 6 * HOUR_MS;

/**
 * Finds agents that live, as far as Kubernetes can tell, but have stopped checking for updates. An agent reports its checks about once an hour. Only what the
 * controller has seen to change, by its own clock, tells how old a report is.
 * @param now of a clock that never jumps, and since the epoch; milliseconds
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
    // During an update there may be no check for hours. Whoever says that it cannot check need not be suspected.
    if (check == null || check.result === 'Failing' || spec.state !== 'Idle' || status?.current_state !== 'Idle') continue;
    const checkedAt = check.checked_at ?? '';
    const known = before.get(metadata.name);
    const isSame = known?.checkedAt === checkedAt;
    const span = isSame ? known : { checkedAt, since: now.steady, moved: known !== undefined };
    spans.set(metadata.name, span);
    const everyMs = Math.max(HOUR_MS, (check.interval_seconds ?? 0) * 1_000);
    const isSilent = now.steady - span.since >= everyMs + PATIENCE_MS;
    const isOld = !span.moved && now.wall - Date.parse(checkedAt) >= everyMs + PATIENCE_BY_OTHER_CLOCK_MS;
    if (isSilent || isOld) overdue.add(metadata.name);
  }
  return { spans, overdue };
}
