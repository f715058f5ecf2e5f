import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS_FOLDER, generatedDocuments } from './documents.ts';

for (const [name, text] of generatedDocuments()) writeFileSync(join(DOCUMENTS_FOLDER, name), text);
