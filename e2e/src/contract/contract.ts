import { BINDINGS } from './cases/bindings.ts';
import { CONVERSIONS } from './cases/conversions.ts';
import { CREATE_AND_UPDATE } from './cases/create-and-update.ts';
import { CUSTOM_RESOURCES } from './cases/custom-resources.ts';
import { DELETIONS } from './cases/deletions.ts';
import { EVICTIONS } from './cases/evictions.ts';
import { LISTS } from './cases/lists.ts';
import { PATCHES } from './cases/patches.ts';
import { TABLES } from './cases/tables.ts';
import { TOKENS } from './cases/tokens.ts';
import { WATCHES } from './cases/watches.ts';
import { WEBHOOKS } from './cases/webhooks.ts';
import type { ContractCase } from './contract-case.ts';

/** Behaviours of the Kubernetes API that the operator relies on. The simulator and a real API server must both show them. */
export const CONTRACT: readonly ContractCase[] = [
  ...CREATE_AND_UPDATE,
  ...PATCHES,
  ...CUSTOM_RESOURCES,
  ...CONVERSIONS,
  ...LISTS,
  ...WATCHES,
  ...DELETIONS,
  ...EVICTIONS,
  ...WEBHOOKS,
  ...BINDINGS,
  ...TABLES,
  ...TOKENS,
];
