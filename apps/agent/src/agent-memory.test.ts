import type { ShadowSpec, ShadowStatus } from '@brupop/crd-models';
import { memoryLogger } from '@brupop/ports';
import type { AgentStep, StepOutcome } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { AgentMemory } from './agent-memory.ts';

const outcome = (step: AgentStep, at: number, more: Partial<StepOutcome> = {}): StepOutcome => ({
  step,
  at,
  done: true,
  message: 'm',
  ...more,
});
const spec: ShadowSpec = { state: 'RebootedIntoUpdate', version: '1.1.0', state_transition_timestamp: '2026-01-05T12:00:00Z' };
const status = (more: Partial<ShadowStatus> = {}): ShadowStatus => ({
  current_version: '1.0.0',
  target_version: '1.1.0',
  current_state: 'StagedAndPerformedUpdate',
  crash_count: 0,
  ...more,
});
const progress = (step: 'Draining' | 'Rebooting') => ({ progress: { step, since: 's', boot_id: 'b', version: '1.1.0' } });

/** A memory with these outcomes, in this order. */
function remembering(...outcomes: readonly StepOutcome[]): AgentMemory {
  const memory = new AgentMemory();
  memory.enter(spec, 0);
  for (const one of outcomes) memory.remember(one);
  return memory;
}
const stepsOf = ({ outcomes }: AgentMemory): readonly string[] => outcomes.map(({ step }) => step);

describe(AgentMemory, () => {
  test.each<{ name: string; next: ShadowSpec; kept: readonly string[] }>([
    { name: 'the spec is the same', next: { ...spec }, kept: ['cordon-and-drain'] },
    { name: 'the spec has another state', next: { ...spec, state: 'MonitoringUpdate' }, kept: [] },
    { name: 'the spec has another version', next: { ...spec, version: '1.2.0' }, kept: [] },
    { name: 'the spec has another transition time', next: { ...spec, state_transition_timestamp: '2026-01-05T13:00:00Z' }, kept: [] },
  ])('if $name, keeps $kept', ({ next, kept }) => {
    const memory = remembering(outcome('cordon-and-drain', 1));
    memory.enter(next, 0);
    expect(stepsOf(memory)).toEqual(kept);
  });

  const drained = 'cordon-and-drain';
  test.each<{ name: string; before: ShadowStatus; reported: ShadowStatus; kept: readonly string[] }>([
    { name: 'a problem only', before: status(), reported: status({ failure_message: 'no route' }), kept: ['prepare', drained] },
    { name: 'a reached state', before: status(), reported: status({ current_state: 'RebootedIntoUpdate' }), kept: [] },
    { name: 'the start of the drain', before: status(), reported: status(progress('Draining')), kept: [] },
    {
      name: 'the cause of a blocked drain',
      before: status(progress('Draining')),
      reported: status({ progress: { ...progress('Draining').progress, reason: 'DisruptionBudget', message: 'no disruption allowed' } }),
      kept: ['prepare', drained],
    },
    {
      name: 'the reboot after the drain',
      before: status(progress('Draining')),
      reported: status(progress('Rebooting')),
      kept: [drained],
    },
    { name: 'the end of the step', before: status(progress('Draining')), reported: status(), kept: [] },
  ])('after a report of $name keeps $kept', ({ before, reported, kept }) => {
    const memory = remembering(outcome('prepare', 1), outcome(drained, 2));
    memory.reported(reported, before);
    expect(stepsOf(memory)).toEqual(kept);
  });

  test.each<{ name: string; outcomes: readonly StepOutcome[]; since: number | undefined }>([
    { name: 'a node that is healthy', outcomes: [outcome('check-health', 5)], since: undefined },
    { name: 'a node that stays healthy', outcomes: [5, 6, 7].map((at) => outcome('check-health', at)), since: 5 },
    {
      name: 'a node that was unhealthy in between',
      outcomes: [outcome('check-health', 5), outcome('check-health', 6, { done: false }), outcome('check-health', 7)],
      since: undefined,
    },
    {
      name: 'a node that is no longer healthy',
      outcomes: [outcome('check-health', 5), outcome('check-health', 6, { done: false })],
      since: undefined,
    },
    { name: 'a node whose clock went back', outcomes: [outcome('check-health', 5), outcome('check-health', 3)], since: undefined },
    {
      name: 'another step, from its outcome',
      outcomes: [outcome('exclude-from-lb', 5), outcome('exclude-from-lb', 6, { since: 4 })],
      since: 4,
    },
  ])('counts since $since for $name', ({ outcomes, since }) => {
    expect(remembering(...outcomes).outcomes.map((one) => one.since)).toEqual([since]);
  });

  test('records when the host last checked for updates, from that step only', () => {
    const memory = remembering(outcome('refresh', 5), outcome('prepare', 6));
    expect(memory.lastCheckedAt).toBe(5);
  });

  test('logs each decision once, and frequent ones at level debug', () => {
    const [memory, log] = [new AgentMemory(), memoryLogger()];
    for (let times = 0; times < 2; times++) memory.log(log, { kind: 'wait', reason: 'nothing to do' });
    memory.log(log, { kind: 'refresh', reason: 'looking' });
    memory.log(log, { kind: 'reboot', reason: 'drained' });
    memory.log(log, { kind: 'wait', reason: 'nothing to do' });
    expect(log.entries.map(({ level, fields }) => `${level} ${String(fields['action'])}`)).toEqual([
      'debug wait',
      'debug refresh',
      'info reboot',
      'debug wait',
    ]);
  });
});
