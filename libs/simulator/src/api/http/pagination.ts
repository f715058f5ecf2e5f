import { badRequest, expired } from './status.ts';
import { isRecord } from '../types.ts';

/** Where a list continues: at which revision, after which key. */
export interface Continuation {
  readonly revision: number;
  readonly after: string;
}

/** The opaque text for `metadata.continue`. */
export const encodeContinue = ({ revision, after }: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');

/** @throws StatusError 400 */
export function decodeContinue(token: string): Continuation {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isRecord(decoded) && typeof decoded['rv'] === 'number' && typeof decoded['start'] === 'string') {
      return { revision: decoded['rv'], after: decoded['start'] };
    }
  } catch {
    // Falls through: every invalid token gets the same message.
  }
  throw badRequest('continue key is not valid');
}

/** The message for a list whose continuation the server no longer remembers. */
export const continueExpired = (): Error =>
  expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );

/** A positive `limit`, or Infinity. @throws StatusError 400 */
export function parseLimit(text: string | null): number {
  if (text === null || text === '' || text === '0') return Infinity;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return limit;
}
