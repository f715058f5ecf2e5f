import type { HttpRequest } from '@brupop/ports';
import type { Context } from './http-io.ts';
import type { Json, KubeObject } from './types.ts';

/** Whether the client, such as `kubectl get`, asks for a Table. */
export const wantsTable = (request: HttpRequest): boolean => /as=Table/.test(request.headers?.['accept'] ?? '');

/** meta/v1 Table of objects. */
export function tableOf(_context: Context, objects: readonly KubeObject[], metadata: Json): Json {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [{ name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }],
    rows: objects.map((object) => ({ cells: [object.metadata.name], object })),
  };
}
