import { describeError, sleep, type Clock, type Logger, type Random } from '@brupop/ports';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { ApiserverClient } from './apiserver-client.ts';
import { createBackoff } from './backoff.ts';

/** How long a poll may be pending. */
const POLL_SECONDS = 60;
// Limits the requests to an apiserver that answers polls immediately.
const LEAST_POLL_MS = 1_000;
// Steps may follow each other quickly, and each waits for a change of the shadow; a short pause still combines several changes.
const LEAST_POLL_AFTER_CHANGE_MS = 50;

interface WatchShadowOptions {
  readonly client: ApiserverClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The entity tag of the last read. Other reads of the shadow change it. */
  readonly known: { etag: string | undefined };
  /** `isFresh` if it was read from the API server, as the first read is. */
  readonly onShadow: (shadow: BottlerocketShadow, isFresh: boolean) => void;
  /** The shadow that was read last is still current. */
  readonly onUnchanged: () => void;
}

/** Follows the node's shadow by long polls, and creates it if it does not exist. Ends only by rejecting with the signal's reason. */
export async function watchShadow(options: WatchShadowOptions, signal: AbortSignal): Promise<never> {
  const { client, clock, random, log, known, onShadow, onUnchanged } = options;
  const backoff = createBackoff(clock, random);
  for (;;) {
    const startMs = clock.monotonic();
    let leastMs = LEAST_POLL_MS;
    const { etag } = known;
    try {
      const answer = await client.getShadow({ etag, waitSeconds: POLL_SECONDS }, signal);
      // The shadow was read from the API server meanwhile, so that the answer to this earlier poll may be older.
      if (known.etag !== etag) continue;
      if (answer.kind === 'missing') {
        log.info('Creating the shadow', { reason: 'the node has none' });
        await client.createShadow(signal);
        known.etag = undefined;
      } else if (answer.kind === 'shadow') {
        if (answer.etag !== undefined && answer.etag !== etag) leastMs = LEAST_POLL_AFTER_CHANGE_MS;
        known.etag = answer.etag;
        onShadow(answer.shadow, etag === undefined);
      } else {
        onUnchanged();
      }
      backoff.reset();
      const leftMs = leastMs - (clock.monotonic() - startMs);
      if (leftMs > 0) await sleep(clock, leftMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('Reading the shadow failed and will be retried', { reason: describeError(error) });
      await backoff.pause(signal);
    }
  }
}
