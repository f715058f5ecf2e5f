/** The time that each node spent in each state. */
export class Timeline {
  readonly #entered = new Map<string, { readonly state: string; readonly atMs: number }>();
  readonly #spent = new Map<string, Map<string, number>>();

  /** Records that `node` is in `state` at `atMs`, a monotonic time in milliseconds. */
  note(node: string, state: string, atMs: number): void {
    const last = this.#entered.get(node);
    if (last?.state === state) return;
    if (last !== undefined) {
      const states = this.#spent.get(node) ?? new Map<string, number>();
      states.set(last.state, (states.get(last.state) ?? 0) + atMs - last.atMs);
      this.#spent.set(node, states);
    }
    this.#entered.set(node, { state, atMs });
  }

  /** Milliseconds that `node` spent in `state`, up to its last change. */
  spent(node: string, state: string): number {
    return this.#spent.get(node)?.get(state) ?? 0;
  }

  nodes(): string[] {
    return [...this.#entered.keys()].sort();
  }
}

/** The phases of the summary, with the desired state during each. */
export const PHASES: readonly { readonly state: string; readonly title: string }[] = [
  { state: 'StagedAndPerformedUpdate', title: 'STAGE' },
  { state: 'RebootedIntoUpdate', title: 'DRAIN+REBOOT' },
  { state: 'MonitoringUpdate', title: 'MONITOR' },
];

/** A table of seconds per phase and node. */
export function phaseTable(timeline: Timeline): string {
  const width = Math.max(4, ...timeline.nodes().map((node) => node.length));
  const row = (first: string, cells: readonly string[]): string =>
    [first.padEnd(width), ...cells.map((cell) => cell.padStart(12))].join('  ');
  return [
    row('NODE', [...PHASES.map(({ title }) => title), 'TOTAL']),
    ...timeline.nodes().map((node) => {
      const times = PHASES.map(({ state }) => timeline.spent(node, state));
      const total = times.reduce((sum, ms) => sum + ms, 0);
      return row(
        node,
        [...times, total].map((ms) => `${(ms / 1000).toFixed(1)} s`),
      );
    }),
  ].join('\n');
}
