import { describe, expect, test } from '@jest/globals';
import { DEFAULT_AGENT_SETTINGS } from '../../agent/types.ts';
import { DEFAULT_TIMEOUTS } from './policy.ts';

describe('the deadlines that count when nothing is configured', () => {
  test('an agent gives a failing download up before the controller calls the update off, since it alone knows why', () => {
    expect(DEFAULT_AGENT_SETTINGS.stageTimeoutMs).toBeLessThan(DEFAULT_TIMEOUTS.stagedMs);
  });

  test('an agent gives up a reboot that does not come, after a drain of a quarter of an hour, before the node counts as stuck', () => {
    expect(DEFAULT_AGENT_SETTINGS.rebootTimeoutMs + 15 * 60_000).toBeLessThan(DEFAULT_TIMEOUTS.rebootedMs);
  });
});
