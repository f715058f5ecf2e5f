import { RequestError } from './errors.ts';

/**
 * Checks the body of POST of a shadow. It may be empty: who asks is known already, and only that counts.
 * @returns what is wrong with it
 */
export function parseCreateRequest(body: unknown, nodeName: string): RequestError | undefined {
  if (body === undefined) return undefined;
  const selector = fieldOf(body, 'node_selector');
  const name = fieldOf(selector, 'node_name');
  const uid = fieldOf(selector, 'node_uid');
  if (typeof name !== 'string' || typeof uid !== 'string')
    return new RequestError('BODY_INVALID', 'node_selector: expected an object with the texts node_name and node_uid');
  if (name !== nodeName) return new RequestError('NODE_MISMATCH', 'node_selector.node_name: expected the node of the caller');
  return undefined;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
