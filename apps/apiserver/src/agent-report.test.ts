import { describe, expect, test } from '@jest/globals';
import { agentReport } from './agent-report.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };
const PROGRESS = { step: 'Draining', since: '2026-01-05T00:00:00Z', boot_id: 'b', version: '1.1.0' };
const NONE = { conditions: false, unknown: false };

describe(agentReport, () => {
  test.each([
    { name: 'all fields of an agent of Brupop 1.x are kept', body: { ...STATUS, state_transition_failure_timestamp: null } },
    { name: 'all fields of our agent are kept', body: { ...STATUS, boot_id: 'b', progress: PROGRESS, failed_versions: [] } },
    { name: 'a body that is not an object is left to the validator', body: [STATUS] },
    { name: 'a version that is too long is left to the validator', body: { ...STATUS, target_version: '1'.repeat(1_000) } },
  ])('$name', ({ body }) => {
    expect(agentReport(body)).toEqual({ status: body, dropped: NONE });
  });

  test('conditions are dropped, because the controller writes them', () => {
    const conditions = [{ type: 'Healthy', status: 'True', reason: 'Lie', message: '', lastTransitionTime: '2026-01-05T00:00:00Z' }];
    expect(agentReport({ ...STATUS, conditions })).toEqual({ status: STATUS, dropped: { conditions: true, unknown: false } });
  });

  test.each([
    { name: 'at the top', body: { ...STATUS, added: 'x'.repeat(200_000) }, expected: STATUS },
    {
      name: 'in the progress',
      body: { ...STATUS, progress: { ...PROGRESS, added: { a: [] } } },
      expected: { ...STATUS, progress: PROGRESS },
    },
    {
      name: 'called __proto__',
      body: JSON.parse(`{"current_version":"1.0.0","__proto__":{"a":1}}`),
      expected: { current_version: '1.0.0' },
    },
  ] as { name: string; body: unknown; expected: unknown }[])('an unknown field $name is dropped', ({ body, expected }) => {
    expect(agentReport(body)).toEqual({ status: expected, dropped: { conditions: false, unknown: true } });
  });

  test('messages are shortened in the middle', () => {
    const message = `begin ${'x'.repeat(200_000)} end`;
    const { status } = agentReport({ ...STATUS, failure_message: message, progress: { ...PROGRESS, message } });
    const shortened = expect.stringMatching(/^begin .{1014} end$/) as unknown;
    expect(status).toMatchObject({ failure_message: shortened, progress: { message: shortened } });
  });
});
