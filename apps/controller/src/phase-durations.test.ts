import type { BottlerocketShadow, ProgressStep } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { createPhaseDurations } from './phase-durations.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const at = (step: ProgressStep, since: number, uid = 'u'): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', uid },
  spec: { state: 'RebootedIntoUpdate', version: '1.1.0' },
  status: {
    current_version: '1.0.0',
    target_version: '1.1.0',
    current_state: 'StagedAndPerformedUpdate',
    crash_count: 0,
    progress: { step, since: new Date(since).toISOString(), boot_id: 'b', version: '1.1.0' },
  },
});

describe(createPhaseDurations, () => {
  test('measures each phase once', () => {
    const durations = createPhaseDurations();
    expect(durations.look([at('Draining', NOW)], NOW)).toEqual([]);
    expect(durations.look([at('Draining', NOW)], NOW + 1_000)).toEqual([]);
    expect(durations.look([at('Rebooting', NOW + 5_000)], NOW + 6_000)).toEqual([{ phase: 'drain', ms: 5_000 }]);
    expect(durations.look([at('Rebooting', NOW + 5_000)], NOW + 7_000)).toEqual([]);
    expect(durations.durations()).toEqual({ drain: 5_000 });
  });

  test('has no averages before a phase was measured', () => {
    expect(createPhaseDurations().durations()).toEqual({});
  });

  test('averages the last twenty durations', () => {
    const durations = createPhaseDurations();
    for (let count = 0; count < 40; count++) {
      durations.look([at('Draining', NOW)], NOW);
      durations.look([at('Rebooting', NOW + (count < 20 ? 9_000 : 1_000))], NOW + 10_000);
      durations.look([], NOW + 11_000);
    }
    expect(durations.durations()).toEqual({ drain: 1_000 });
  });

  test('does not mix two shadows with the same name, and forgets phases that began under another leader', () => {
    const durations = createPhaseDurations();
    durations.look([at('Draining', NOW)], NOW);
    expect(durations.look([at('Rebooting', NOW + 5_000, 'other')], NOW + 6_000)).toEqual([]);
    durations.look([at('Draining', NOW)], NOW);
    durations.forgetSpans();
    expect(durations.look([at('Rebooting', NOW + 5_000)], NOW + 6_000)).toEqual([]);
  });
});
