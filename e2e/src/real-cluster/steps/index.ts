import type { Step } from '../step.ts';
import { contract } from './contract.ts';
import { budget, kills, lost, restarts, rollback } from './faults.ts';
import { helm } from './helm.ts';
import { manifest } from './manifest.ts';
import { migration } from './migration.ts';
import { admission, permissions } from './permissions.ts';
import { prometheus } from './prometheus.ts';
import { rollout } from './rollout.ts';
import { tokens } from './tokens.ts';
import { uninstall } from './uninstall.ts';
import { conversion, validation } from './validation.ts';

/** In the order in which they run on one cluster: each takes it as the one before leaves it. */
export const STEPS: readonly Step[] = [
  contract,
  manifest,
  rollout,
  validation,
  conversion,
  permissions,
  admission,
  tokens,
  prometheus,
  kills,
  restarts,
  budget,
  lost,
  rollback,
  uninstall,
  migration,
  helm,
];
