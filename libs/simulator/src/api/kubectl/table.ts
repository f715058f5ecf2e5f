import type { HttpRequest } from '@brupop/ports';
import type { PrinterColumn } from '../crd/crd-definition.ts';
import { toCoreEvent } from '../storage/event-versions.ts';
import type { Context } from '../http/http-io.ts';
import { firstAt } from '../storage/json-path.ts';
import { AGE, COLUMNS, NAME, since } from './table-columns.ts';
import type { Column } from './table-columns.ts';
import { asText } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** Whether the client, such as `kubectl get`, asks for a Table. */
export const wantsTable = (request: HttpRequest): boolean => /application\/json;[^,]*\bas=Table\b/.test(request.headers?.['accept'] ?? '');

function customColumn({ name, type, jsonPath, priority }: PrinterColumn): Column {
  return {
    name,
    type,
    priority,
    cell: (object, nowMs) => {
      const value = firstAt(object, jsonPath);
      if (value === undefined || value === null) return null;
      if (type === 'date') return since(value, nowMs);
      return typeof value === 'object' || type === 'string' ? asText(value) : value;
    },
  };
}

function columnsOf({ core, type }: Context): readonly Column[] {
  const custom = core.registry.customVersion(type);
  if (custom === undefined) return COLUMNS[type.storage] ?? [NAME, AGE];
  return [NAME, ...(custom.columns.length === 0 ? [AGE] : custom.columns.map(customColumn))];
}

function rowObject(query: URLSearchParams, object: KubeObject): Json | null {
  switch (query.get('includeObject')) {
    case 'None':
      return null;
    case 'Object':
      return object;
    default:
      return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
  }
}

/** meta/v1 Table of objects, as the printers of kubectl expect it. */
export function tableOf(context: Context, objects: readonly KubeObject[], metadata: Json): Json {
  const { core, query, type } = context;
  const columns = columnsOf(context);
  const nowMs = core.clock.now();
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type: kind, priority }) => ({
      name,
      type: kind,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority,
    })),
    rows: objects.map((object) => {
      const shown = type.storage === 'events' ? (toCoreEvent(object) as KubeObject) : object;
      return { cells: columns.map(({ cell }) => cell(shown, nowMs)), object: rowObject(query, object) };
    }),
  };
}
