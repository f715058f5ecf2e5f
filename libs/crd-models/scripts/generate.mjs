import { join } from 'node:path';
import { VALIDATED } from '../src/object-schemas.ts';
import { TIMESTAMP_PATTERN } from '../src/schema.ts';
import { generate } from './standalone.mjs';

generate(join(import.meta.dirname, '../src/generated/validators.ts'), {
  schemas: VALIDATED,
  timestampPattern: TIMESTAMP_PATTERN,
  typeImport: '../parse.ts',
});
