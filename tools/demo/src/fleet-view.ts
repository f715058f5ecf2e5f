import { SHADOW_STATES } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowState } from '@brupop/crd-models';

/** One node as the demo shows it. */
export interface NodeRow {
  readonly node: string;
  readonly state: string;
  /** State that the controller asks for. */
  readonly desired: string;
  readonly version: string;
  readonly target: string;
  /** What the node is doing or waiting for. */
  readonly activity: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly done: boolean;
}

/** Input of a row. */
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
    desired: shadow?.spec.state ?? '-',
    version,
    target: status?.target_version ?? '-',
    activity: done ? 'Up to date' : activityOf(shadow, ready, hold),
    ready,
    cordoned,
    done,
  };
}

/** Activity of a node whose agent has not reported progress of its next step yet. */
const UNDER_WAY: Readonly<Record<ShadowState, string>> = {
  Idle: 'Finishing',
  StagedAndPerformedUpdate: 'Downloading the update',
  RebootedIntoUpdate: 'About to drain',
  MonitoringUpdate: 'Monitoring its health',
  ErrorReset: 'Resetting after a failure',
};

function activityOf(shadow: BottlerocketShadow | undefined, ready: boolean, hold: string | undefined): string {
  if (shadow === undefined) return 'Waiting for its agent';
  const { spec, status } = shadow;
  const progress = status?.progress;
  if (!ready) return progress?.step === 'Rebooting' ? 'Rebooting' : 'NotReady';
  if (progress !== undefined && progress !== null) return progress.message ?? progress.step;
  if (spec.state !== (status?.current_state ?? 'Idle')) return UNDER_WAY[spec.state];
  return hold ?? status?.failure_message ?? 'Waiting for the next decision';
}

/** `[#####.....]  50 %`, `width` characters between the brackets. */
export function progressBar(done: number, total: number, width: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.round(share * 100)).padStart(3)} %`;
}

/** Input of the estimate: the pace up to the last completed node. */
export interface Pace {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** `elapsedMs` when the number of completed nodes last changed. */
  readonly lastDoneMs: number;
}

/** Estimated seconds until the rest is done; undefined before the first is done. It counts down until the next node is done. */
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
  activity: 'ACTIVITY',
};

// Columns must not jump when nodes change their state.
const STATE_WIDTH = Math.max(...SHADOW_STATES.map((state) => state.length));
// On a narrow screen the target column, equal for all nodes, is dropped.
const WIDE_COLUMNS = 100;

/** Content of the screen. */
export interface Screen {
  readonly rows: readonly NodeRow[];
  readonly elapsedMs: number;
  /** `elapsedMs` when the number of completed nodes last changed. */
  readonly lastDoneMs: number;
  readonly events: readonly string[];
  readonly columns: number;
  /** Height of the screen in lines. */
  readonly lines: number;
}

// Headings, "… and more", progress, five events, blank lines, and the line of the cursor.
const SPARE_LINES = 11;
// Maximum width of the text beside the bar.
const BESIDE_BAR = 60;

/** The live screen: one row per node (those in progress first when not all fit), progress and the last events. */
export function renderScreen({ rows, elapsedMs, lastDoneMs, events, columns, lines }: Screen): string {
  const room = Math.max(3, lines - SPARE_LINES);
  const shown = rows.length <= room ? rows : [...rows].sort((a, b) => urgency(a) - urgency(b)).slice(0, room);
  const columnNames = COLUMNS.filter((column) => column !== 'target' || columns >= WIDE_COLUMNS);
  const widths = columnNames.map((column) =>
    Math.max(HEADINGS[column].length, column === 'state' ? STATE_WIDTH : 0, ...shown.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]): string => {
    const text = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
    return cut(text.trimEnd(), columns);
  };
  const done = rows.filter((row) => row.done).length;
  const eta = etaSeconds({ done, total: rows.length, elapsedMs, lastDoneMs });
  return [
    line(columnNames.map((column) => HEADINGS[column])),
    ...shown.map((row) => line(columnNames.map((column) => row[column]))),
    ...(shown.length < rows.length ? [`… and ${String(rows.length - shown.length)} more`] : []),
    '',
    `${progressBar(done, rows.length, Math.max(5, Math.min(40, columns - BESIDE_BAR)))}  ${String(done)}/${String(rows.length)} nodes, ${(elapsedMs / 1000).toFixed(0)} s${eta === undefined ? '' : `, about ${String(eta)} s left`}`,
    '',
    ...events.slice(-5).map((event) => cut(event, columns)),
  ].join('\n');
}

const cut = (text: string, columns: number): string => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text);

const urgency = (row: NodeRow): number => (row.done ? 2 : row.state === 'Idle' ? 1 : 0);
