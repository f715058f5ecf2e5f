import { StatusError, badRequest } from '../http/status.ts';
import { equalJson, isRecord } from '../types.ts';
import type { Json } from '../types.ts';

/** JSON merge patch (RFC 7386). */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Json = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

const unprocessable = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

const parsePointer = (pointer: unknown): string[] => {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) throw unprocessable();
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
};

function read(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isRecord(value)) value = value[part];
    else throw unprocessable();
    if (value === undefined) throw unprocessable();
  }
  return value;
}

// Kubernetes treats an absent value as null in a test.
function readOrNull(document: unknown, path: readonly string[]): unknown {
  try {
    return read(document, path);
  } catch {
    return null;
  }
}

function edit(document: unknown, path: readonly string[], change: (parent: unknown[] | Json, key: string) => void): unknown {
  const last = path.at(-1);
  if (last === undefined) throw unprocessable();
  const copy = structuredClone(document);
  const parent = read(copy, path.slice(0, -1));
  if (!Array.isArray(parent) && !isRecord(parent)) throw unprocessable();
  change(parent, last);
  return copy;
}

function indexIn(list: readonly unknown[], key: string, longest: number): number {
  const index = key === '-' ? list.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > longest) throw unprocessable();
  return index;
}

const add = (document: unknown, path: readonly string[], value: unknown): unknown =>
  path.length === 0
    ? value
    : edit(document, path, (parent, key) => {
        if (Array.isArray(parent)) parent.splice(indexIn(parent, key, parent.length), 0, value);
        else parent[key] = value;
      });

const remove = (document: unknown, path: readonly string[]): unknown =>
  edit(document, path, (parent, key) => {
    if (Array.isArray(parent)) parent.splice(indexIn(parent, key, parent.length - 1), 1);
    else if (key in parent) Reflect.deleteProperty(parent, key);
    else throw unprocessable();
  });

/**
 * JSON patch (RFC 6902).
 * @throws StatusError 422 if an operation, such as a `test`, fails; 400 if the patch is not a list
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  let result = document;
  for (const operation of patch as unknown[]) {
    if (!isRecord(operation)) throw unprocessable();
    const path = parsePointer(operation['path']);
    switch (operation['op']) {
      case 'add':
        result = add(result, path, operation['value']);
        break;
      case 'replace':
        read(result, path);
        result = path.length === 0 ? operation['value'] : add(remove(result, path), path, operation['value']);
        break;
      case 'remove':
        result = remove(result, path);
        break;
      case 'move': {
        const from = parsePointer(operation['from']);
        result = add(remove(result, from), path, read(result, from));
        break;
      }
      case 'copy':
        result = add(result, path, read(result, parsePointer(operation['from'])));
        break;
      case 'test':
        if (!equalJson(readOrNull(result, path), operation['value'] ?? null)) throw unprocessable();
        break;
      default:
        throw unprocessable();
    }
  }
  return result;
}
