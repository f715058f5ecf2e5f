import { describe, test } from '@jest/globals';
import { after, expectAction, progress, spec, status } from './decide-action.fixture.ts';
import type { ActionRow } from './decide-action.fixture.ts';

describe('decideAction for ErrorReset', () => {
  test.each<ActionRow>([
    {
      name: 'ends an update that is canceled, without counting a failure',
      kind: 'report',
      says: { current_state: 'ErrorReset', crash_count: 0 },
    },
    { name: 'restores the node first', status: status({ progress: progress('Draining') }), kind: 'uncordon' },
    {
      name: 'and then reports that it is restored',
      status: status({ progress: progress('Draining') }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'ErrorReset', progress: null },
    },
    { name: 'then waits for the controller', status: status({ current_state: 'ErrorReset' }), kind: 'wait', waitMs: null },
  ])('$name', (row) => {
    expectAction({ spec: spec('ErrorReset'), ...row });
  });
});
