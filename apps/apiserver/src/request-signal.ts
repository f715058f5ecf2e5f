import type { Response } from 'express';

/** Aborts when the client disconnects before its response is complete. Every call with the same response returns the same signal. */
export function requestSignal(response: Response): AbortSignal {
  const known = response.locals['signal'] as AbortSignal | undefined;
  if (known !== undefined) return known;
  const disconnected = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnected.abort(new Error('The client disconnected'));
  });
  response.locals['signal'] = disconnected.signal;
  return disconnected.signal;
}
