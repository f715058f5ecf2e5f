import { describe, expect, test } from '@jest/globals';
import type { ShadowProgress, ShadowSpec, ShadowStatus } from '@brupop/crd-models';
import { DEFAULT_AGENT_SETTINGS } from './types.ts';
import type { StepOutcome } from './types.ts';
import { decideUnanswered } from './unreachable.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const MESSAGE = 'The host API does not respond: connection refused';

const draining: ShadowProgress = {
  step: 'Draining',
  since: new Date(NOW - 60_000).toISOString(),
  boot_id: 'boot-1',
  version: '1.27.0',
  message: 'Draining the node',
};
const rebooted: StepOutcome = { step: 'reboot', at: NOW - 60_000, done: true, message: 'accepted' };

interface Given {
  readonly state?: ShadowSpec['state'];
  readonly status?: Partial<ShadowStatus>;
  readonly silentMs?: number;
  readonly outcomes?: readonly StepOutcome[];
}

const decide = ({ state = 'RebootedIntoUpdate', status = {}, silentMs = 5_000, outcomes = [] }: Given): unknown =>
  decideUnanswered(
    {
      shadow: {
        spec: { state, version: '1.27.0' },
        status: {
          current_version: '1.26.1',
          target_version: '1.27.0',
          current_state: 'StagedAndPerformedUpdate',
          crash_count: 0,
          ...status,
        },
      },
      outcomes,
      now: NOW,
      settings: DEFAULT_AGENT_SETTINGS,
    },
    'connection refused',
    NOW - silentMs,
  );

describe(decideUnanswered, () => {
  test('names what a drained node waits for, and writes no conditions', () => {
    const conditions = [{ type: 'Drained', status: 'False', reason: 'NotDrained', message: 'm', lastTransitionTime: 't' }] as const;
    const action = decide({ status: { progress: draining, conditions } });
    expect(action).toMatchObject({ status: { progress: { ...draining, reason: 'HostUnreachable', message: MESSAGE } } });
    expect(action).not.toHaveProperty('status.conditions');
  });

  test('names what a step without progress waits for', () => {
    expect(decide({ state: 'MonitoringUpdate' })).toMatchObject({ status: { failure_message: MESSAGE } });
  });

  test.each<Given & { name: string }>([
    { name: 'a short silence', silentMs: 4_999, status: { progress: draining } },
    { name: 'what it has reported already', status: { progress: { ...draining, reason: 'HostUnreachable', message: 'another reason' } } },
    { name: 'what it has reported already, without progress', status: { failure_message: MESSAGE } },
    { name: 'a host that it has requested to reboot', status: { progress: { ...draining, step: 'Rebooting' } }, outcomes: [rebooted] },
    { name: 'a node that waits for its turn', state: 'StagedAndPerformedUpdate' },
    { name: 'an idle node', state: 'Idle', status: { current_state: 'Idle' } },
    { name: 'a node that has failed', status: { current_state: 'ErrorReset' } },
    {
      name: 'a node that is restored because its update was withdrawn',
      status: { progress: { ...draining, step: 'Returning', reason: 'UpdateWithdrawn' } },
    },
  ])('reports nothing of $name', (given) => {
    expect(decide(given)).toBeUndefined();
  });

  test('reports a host that does not go down in time', () => {
    const at = NOW - DEFAULT_AGENT_SETTINGS.rebootTimeoutMs;
    expect(decide({ status: { progress: { ...draining, step: 'Rebooting' } }, outcomes: [{ ...rebooted, at }] })).toBeDefined();
  });
});
