import { describe, expect, test } from '@jest/globals';
import type { FleetPicture } from './fleet-picture.ts';
import { BoundedLabels, createFleetMetrics } from './fleet-metrics.ts';
import { CONTROLLER_METRICS, LEADER_METRICS } from './metric-definitions.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const fleet: FleetPicture = {
  at: NOW,
  observation: { nodes: [], shadows: [], agents: new Map() },
  plan: {
    changes: [],
    holds: [{ node: 'a', reason: 'Stuck', message: 'm' }],
    window: { open: false, opensAt: NOW },
    budget: { maxConcurrentUpdates: 'unlimited', slots: ['a'], maxUnavailable: 3, unavailable: ['a', 'b'] },
    recheckAt: undefined,
  },
  estimate: { byNode: new Map(), finishesAt: undefined, unknown: 0 },
};
const sampleLines = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const namesIn = (lines: readonly string[]): Set<string> => new Set(lines.map((line) => line.replace(/[{ ].*/, '')));

describe(createFleetMetrics, () => {
  test('registers the metrics of the list, and no other', () => {
    const { metrics } = createFleetMetrics();
    const registered = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    expect(registered.sort()).toEqual(CONTROLLER_METRICS.map(({ name }) => name).sort());
  });

  test('shows the fleet of a leader', async () => {
    const shown = createFleetMetrics();
    shown.show(fleet, 1);
    const lines = sampleLines(await shown.metrics.render());
    expect(lines).toEqual(
      expect.arrayContaining([
        'brupop_hosts_state{state="Idle",otel_scope_name="brupop-controller"} 0',
        'brupop_hosts_held{reason="Stuck"} 1',
        'brupop_hosts_held{reason="WindowClosed"} 0',
        'brupop_drains_blocked{reason="DisruptionBudget"} 0',
        'brupop_hosts_stuck 1',
        'brupop_hosts_unavailable 2',
        'brupop_hosts_unavailable_limit 3',
        'brupop_update_slots_used 1',
        'brupop_update_slots_limit +Inf',
        'brupop_update_window_open 0',
        `brupop_update_window_next_opening_timestamp_seconds ${String(NOW / 1_000)}`,
        'brupop_leader 1',
        'brupop_queue_depth{queue="fleet"} 1',
        'brupop_updates_failed_total{reason="VersionFailed"} 0',
        'brupop_update_phase_duration_seconds_count{phase="drain"} 0',
        'otel_scope_info{otel_scope_name="brupop-controller"} 1',
      ]),
    );
    expect(lines.join('\n')).not.toMatch(/closing_timestamp|estimated_finish/);
  });

  test('shows no fleet of a follower, not even of one that has led', async () => {
    const shown = createFleetMetrics();
    shown.show(fleet, 0);
    shown.show(undefined, 0);
    const names = namesIn(sampleLines(await shown.metrics.render()));
    expect(LEADER_METRICS.map(({ name }) => name).filter((name) => names.has(name))).toEqual([]);
    expect(await shown.metrics.render()).toContain('\nbrupop_leader 0\n');
  });
});

describe(BoundedLabels, () => {
  test('keeps what has gone, at 0', () => {
    const labels = new BoundedLabels();
    labels.count(['1.0.0', '1.0.0', '1.1.0']);
    expect([...labels.count(['1.1.0'])]).toEqual([
      ['1.1.0', 1],
      ['1.0.0', 0],
    ]);
  });

  test('does not grow without bound, whatever agents report', () => {
    const labels = new BoundedLabels();
    for (let round = 0; round < 50; round++) labels.count(Array.from({ length: 90 }, (_, at) => `0.${String(round)}.${String(at)}`));
    const reported = ['1.0.0', '1.0.0', ...Array.from({ length: 300 }, (_, at) => `2.0.${String(at)}`)];
    const counts = labels.count(reported);
    expect(counts.size).toBe(101);
    expect([counts.get('1.0.0'), counts.get('other')]).toEqual([2, 201]);
  });
});
