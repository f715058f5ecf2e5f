import type { BottlerocketShadow } from '@brupop/crd-models';
import type { ChangeReason, FleetChange } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import type { FleetSnapshot } from './fleet-snapshot.ts';
import { BoundedLabels, createFleetMetrics } from './fleet-metrics.ts';
import { CONTROLLER_METRICS, LEADER_METRICS } from './metric-definitions.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const fleet: FleetSnapshot = {
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
  test('registers exactly the metrics of the list', () => {
    const { metrics } = createFleetMetrics();
    const registered = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    expect(registered.sort()).toEqual(CONTROLLER_METRICS.map(({ name }) => name).sort());
  });

  test('shows the fleet on the leader', async () => {
    const shown = createFleetMetrics();
    shown.show(fleet, 1);
    const lines = sampleLines(await shown.metrics.render());
    expect(lines).toEqual(
      expect.arrayContaining([
        'brupop_hosts_state{state="Idle",otel_scope_name="brupop-controller"} 0',
        'brupop_hosts_held{reason="Stuck"} 1',
        'brupop_hosts_held{reason="WindowClosed"} 0',
        'brupop_hosts_update_check_failing{reason="RefreshFailed"} 0',
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

  test('shows the window, what blocks drains, and when the fleet is expected to be updated', async () => {
    const draining = (name: string, reason?: string): BottlerocketShadow => ({
      apiVersion: 'brupop.bottlerocket.aws/v2',
      kind: 'BottlerocketShadow',
      metadata: { name },
      spec: { state: 'RebootedIntoUpdate', version: '1.1.0' },
      status: {
        current_version: '1.0.0',
        target_version: '1.1.0',
        current_state: 'StagedAndPerformedUpdate',
        crash_count: 0,
        progress: {
          step: 'Draining',
          since: 's',
          boot_id: 'b',
          version: '1.1.0',
          message: 'm',
          ...(reason === undefined ? {} : { reason }),
        },
      },
    });
    const shown = createFleetMetrics();
    shown.show(
      {
        ...fleet,
        observation: { ...fleet.observation, shadows: [draining('a', 'DisruptionBudget'), draining('b', 'Unknown'), draining('c')] },
        plan: { ...fleet.plan, window: { open: true, closesAt: NOW + 1_000 }, budget: { ...fleet.plan.budget, maxConcurrentUpdates: 2 } },
        estimate: { ...fleet.estimate, finishesAt: NOW + 2_000 },
      },
      0,
    );
    expect(sampleLines(await shown.metrics.render())).toEqual(
      expect.arrayContaining([
        'brupop_drains_blocked{reason="DisruptionBudget"} 1',
        'brupop_drains_blocked{reason="Other"} 1',
        'brupop_update_slots_limit 2',
        'brupop_update_window_open 1',
        `brupop_update_window_closing_timestamp_seconds ${String(NOW / 1_000 + 1)}`,
        `brupop_estimated_finish_timestamp_seconds ${String(NOW / 1_000 + 2)}`,
      ]),
    );
  });

  test('counts changes and measures durations', async () => {
    const counted = createFleetMetrics();
    const change = (reason: ChangeReason): FleetChange => ({
      kind: 'spec',
      node: 'a',
      shadow: 'brs-a',
      resourceVersion: '1',
      spec: { state: 'Idle' },
      reason,
      message: 'm',
    });
    const shadow: BottlerocketShadow = {
      apiVersion: 'brupop.bottlerocket.aws/v2',
      kind: 'BottlerocketShadow',
      metadata: { name: 'brs-a' },
      spec: { state: 'StagedAndPerformedUpdate' },
    };
    for (const reason of ['UpdateStarted', 'UpdateFinished', 'UpdateFinished', 'ResetAfterError'] as const) {
      counted.changed(change(reason), shadow, NOW);
    }
    counted.changed(change('ResetAfterError'), undefined, NOW);
    counted.phaseEnded({ phase: 'drain', ms: 90_000 });
    counted.reconciled({ key: 'fleet', waitedMs: 2_000, tookMs: 3_000, ok: true });
    counted.reconciled({ key: 'fleet', waitedMs: 0, tookMs: 0, ok: false });
    counted.certificates({ authorityMs: 5_000, servingMs: 4_000 });
    expect(sampleLines(await counted.metrics.render())).toEqual(
      expect.arrayContaining([
        'brupop_updates_started_total 1',
        'brupop_updates_finished_total 2',
        'brupop_updates_failed_total{reason="StagingFailed"} 1',
        'brupop_fleet_changes_total{reason="ResetAfterError"} 2',
        'brupop_update_phase_duration_seconds_sum{phase="drain"} 90',
        'brupop_queue_latency_seconds_sum{queue="fleet"} 2',
        'brupop_reconcile_duration_seconds_sum{queue="fleet"} 3',
        'brupop_reconcile_failures_total{queue="fleet"} 1',
        'brupop_certificate_expiry_timestamp_seconds{certificate="authority"} 5',
        'brupop_certificate_expiry_timestamp_seconds{certificate="serving"} 4',
      ]),
    );
  });

  test('shows no fleet on a follower, not even on a former leader', async () => {
    const shown = createFleetMetrics();
    shown.show(fleet, 0);
    shown.show(undefined, 0);
    const names = namesIn(sampleLines(await shown.metrics.render()));
    expect(LEADER_METRICS.map(({ name }) => name).filter((name) => names.has(name))).toEqual([]);
    expect(await shown.metrics.render()).toContain('\nbrupop_leader 0\n');
  });
});

describe(BoundedLabels, () => {
  test('keeps labels that are gone, at 0', () => {
    const labels = new BoundedLabels();
    labels.count(['1.0.0', '1.0.0', '1.1.0']);
    expect([...labels.count(['1.1.0'])]).toEqual([
      ['1.1.0', 1],
      ['1.0.0', 0],
    ]);
  });

  test('is bounded, whatever agents report', () => {
    const labels = new BoundedLabels();
    for (let round = 0; round < 50; round++) labels.count(Array.from({ length: 90 }, (_, at) => `0.${String(round)}.${String(at)}`));
    const reported = ['1.0.0', '1.0.0', ...Array.from({ length: 300 }, (_, at) => `2.0.${String(at)}`)];
    const counts = labels.count(reported);
    expect(counts.size).toBe(101);
    expect([counts.get('1.0.0'), counts.get('other')]).toEqual([2, 201]);
  });
});
