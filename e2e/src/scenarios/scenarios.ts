import { DRAIN_SCENARIOS } from './drains.ts';
import { HOST_SCENARIOS } from './hosts.ts';
import { KILL_SCENARIOS } from './kills.ts';
import { LIMIT_SCENARIOS } from './limits.ts';
import type { Scenario } from './scenario.ts';
import { WINDOW_SCENARIOS } from './window.ts';

/** Every scenario, the longest first. */
export const SCENARIOS: readonly Scenario[] = [
  ...WINDOW_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...HOST_SCENARIOS,
  ...KILL_SCENARIOS,
  ...DRAIN_SCENARIOS,
];
