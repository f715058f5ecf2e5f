import { join } from 'node:path';
import { TIMESTAMP_PATTERN } from '@brupop/crd-models';
import { generate } from '../../crd-models/scripts/standalone.mjs';
import { VALIDATED } from '../src/schemas.ts';

generate(join(import.meta.dirname, '../src/generated/validators.ts'), {
  schemas: VALIDATED,
  timestampPattern: TIMESTAMP_PATTERN,
  typeImport: '@brupop/crd-models',
});
