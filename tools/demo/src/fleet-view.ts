import { SHADOW_STATES } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowState } from '@brupop/crd-models';

/** One node as the demo shows it. */
export interface NodeRow {
  readonly node: string;
  readonly state: string;
  /** State that the controller wants it in. */
  readonly wanted: string;
  readonly version: string;
  readonly target: string;
  /** What it does or waits for. */
  readonly activity: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly done: boolean;
}

/** What the rows are made from. */
export interface NodeFacts {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly shadow: BottlerocketShadow | undefined;
  /** The controller's reason why the node waits. */
  readonly hold: string | undefined;
}

/** The row of one node. */
export function rowOf({ name, ready, cordoned, shadow, hold }: NodeFacts, newest: string): NodeRow {
  const status = shadow?.status ?? undefined;
  const version = status?.current_version ?? '-';
  const done = version === newest && status?.current_state === 'Idle' && shadow?.spec.state === 'Idle' && ready;
  return {
    node: name,
    state: status?.current_state ?? '-',
    wanted: shadow?.spec.state ?? '-',
    version,
    target: status?.target_version ?? '-',
    activity: done ? 'Up to date' : activityOf(shadow, ready, hold),
    ready,
    cordoned,
    done,
  };
}

/** What a node does that has been told to go on and has not said more yet. */
const UNDER_WAY: Readonly<Record<ShadowState, string>> = {
  Idle: 'Finishing',
  StagedAndPerformedUpdate: 'Downloading the update',
  RebootedIntoUpdate: 'About to drain',
  MonitoringUpdate: 'Watched for its health',
  ErrorReset: 'Giving up the update',
};

function activityOf(shadow: BottlerocketShadow | undefined, ready: boolean, hold: string | undefined): string {
  if (shadow === undefined) return 'Waiting for its agent';
  const { spec, status } = shadow;
  const progress = status?.progress;
  if (!ready) return progress?.step === 'Rebooting' ? 'Rebooting' : 'Not Ready';
  if (progress !== undefined && progress !== null) return progress.message ?? progress.step;
  if (spec.state !== (status?.current_state ?? 'Idle')) return UNDER_WAY[spec.state];
  return hold ?? status?.failure_message ?? 'Its next step is being decided';
}

/** `[#####.....]  50 %`, `width` characters between the brackets. */
export function progressBar(done: number, total: number, width: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.round(share * 100)).padStart(3)} %`;
}

/** When the rollout ends if it goes on as it has up to the last node that got done. */
export interface Pace {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** `elapsedMs` when the number of nodes that are done changed last. */
  readonly lastDoneMs: number;
}

/** Seconds until the rest is done; undefined before the first is done. It counts down from one node to the next. */
export function etaSeconds({ done, total, elapsedMs, lastDoneMs }: Pace): number | undefined {
  if (done === 0) return undefined;
  return Math.max(done < total ? 1 : 0, Math.round(((lastDoneMs / done) * total - elapsedMs) / 1000));
}

const COLUMNS = ['node', 'state', 'version', 'target', 'activity'] as const;
const HEADINGS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  node: 'NODE',
  state: 'STATE',
  version: 'VERSION',
  target: 'TARGET',
  activity: 'DOING, OR WAITING FOR',
};

// Columns must not jump when nodes change their state.
const STATE_WIDTH = Math.max(...SHADOW_STATES.map((state) => state.length));
// On a narrower screen the target, which is the same for all, makes room for what is more interesting.
const WIDE_COLUMNS = 100;

/** What the whole screen shows. */
export interface Screen {
  readonly rows: readonly NodeRow[];
  readonly elapsedMs: number;
  /** `elapsedMs` when the number of nodes that are done changed last. */
  readonly lastDoneMs: number;
  readonly events: readonly string[];
  readonly columns: number;
  /** Lines that fit. */
  readonly lines: number;
}

// Headings, "… and more", progress, five events, blank lines, and the line of the cursor.
const SPARE_LINES = 11;
// What stands beside the bar at most.
const BESIDE_BAR = 60;

/** The live screen: rows of the nodes (those under way first when not all fit), progress and the last events. */
export function renderScreen({ rows, elapsedMs, lastDoneMs, events, columns, lines }: Screen): string {
  const room = Math.max(3, lines - SPARE_LINES);
  const shown = rows.length <= room ? rows : [...rows].sort((a, b) => urgency(a) - urgency(b)).slice(0, room);
  const wanted = COLUMNS.filter((column) => column !== 'target' || columns >= WIDE_COLUMNS);
  const widths = wanted.map((column) =>
    Math.max(HEADINGS[column].length, column === 'state' ? STATE_WIDTH : 0, ...shown.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]): string => {
    const text = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
    return cut(text.trimEnd(), columns);
  };
  const done = rows.filter((row) => row.done).length;
  const eta = etaSeconds({ done, total: rows.length, elapsedMs, lastDoneMs });
  return [
    line(wanted.map((column) => HEADINGS[column])),
    ...shown.map((row) => line(wanted.map((column) => row[column]))),
    ...(shown.length < rows.length ? [`… and ${String(rows.length - shown.length)} more`] : []),
    '',
    `${progressBar(done, rows.length, Math.max(5, Math.min(40, columns - BESIDE_BAR)))}  ${String(done)}/${String(rows.length)} nodes, ${(elapsedMs / 1000).toFixed(0)} s${eta === undefined ? '' : `, about ${String(eta)} s left`}`,
    '',
    ...events.slice(-5).map((event) => cut(event, columns)),
  ].join('\n');
}

const cut = (text: string, columns: number): string => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text);

const urgency = (row: NodeRow): number => (row.done ? 2 : row.state === 'Idle' ? 1 : 0);
