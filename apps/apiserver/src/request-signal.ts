import type { Response } from 'express';

/** Aborts when the client has gone before its answer was finished. The same signal for each call with the same response. */
export function requestSignal(response: Response): AbortSignal {
  const known = response.locals['signal'] as AbortSignal | undefined;
  if (known !== undefined) return known;
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('The client has gone'));
  });
  response.locals['signal'] = gone.signal;
  return gone.signal;
}
