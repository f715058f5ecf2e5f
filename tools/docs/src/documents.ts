import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAN_SCHEMA } from '@brupop/controller';
import { CHANGE_REASONS, CONDITION_FINDINGS, HOLD_REASONS } from '@brupop/state-machine';
import { configurationPage } from './configuration-page.ts';
import { metricsPage } from './metrics-page.ts';
import { METRICS, SECTIONS } from './processes.ts';
import { reasonsSection, withReasons } from './reasons-section.ts';

/** docs/ at the root of the repository. */
export const DOCUMENTS_FOLDER: string = join(import.meta.dirname, '../../../docs');

/** A document in docs/ as committed. */
export function readDocument(name: string): string {
  return readFileSync(join(DOCUMENTS_FOLDER, name), 'utf8');
}

/** The documents that are generated from the code, wholly or in part, by their names in docs/. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ['configuration.md', configurationPage(SECTIONS)],
    ['metrics.md', metricsPage(METRICS)],
    ['plan.schema.json', `${JSON.stringify(PLAN_SCHEMA, null, 2)}\n`],
    ['operations.md', withReasons(readDocument('operations.md'), reasonsSection(CONDITION_FINDINGS, HOLD_REASONS, CHANGE_REASONS))],
  ]);
}
