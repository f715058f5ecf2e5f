import type { Clock, Random } from '@brupop/ports';
import { sleep } from '@brupop/ports';
import { describeError } from '@brupop/process';
import type { Logger } from '@brupop/process';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { ApiserverClient } from './apiserver-client.ts';
import { createBackoff } from './backoff.ts';

/** The longest that the apiserver holds a poll. */
const POLL_SECONDS = 60;
// An apiserver that does not hold polls must not be asked without a pause.
const LEAST_POLL_MS = 1_000;
// Steps may follow one another quickly, and each waits for its news; a few at once are still no reason for many requests.
const LEAST_POLL_WITH_NEWS_MS = 50;

/** What {@link watchShadow} needs. */
export interface WatchShadowOptions {
  readonly client: ApiserverClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What was read last; changed by whoever else reads the shadow. */
  readonly known: { etag: string | undefined };
  /** `isFresh`: it was read from the API server, as a first read is. */
  readonly onShadow: (shadow: BottlerocketShadow, isFresh: boolean) => void;
  /** The last one that was read is still good. */
  readonly onUnchanged: () => void;
}

/** Follows the node's shadow by long polls, and creates it if there is none. Ends only with the signal's reason. */
export async function watchShadow(options: WatchShadowOptions, signal: AbortSignal): Promise<never> {
  const { client, clock, random, log, known, onShadow, onUnchanged } = options;
  const backoff = createBackoff(clock, random);
  for (;;) {
    const startMs = clock.monotonic();
    let leastMs = LEAST_POLL_MS;
    const { etag } = known;
    try {
      const answer = await client.getShadow({ etag, waitSeconds: POLL_SECONDS }, signal);
      // The shadow has been read afresh meanwhile: what a poll that began before says may be older.
      if (known.etag !== etag) continue;
      if (answer.kind === 'missing') {
        log.info('Creating the shadow', { reason: 'the node has none' });
        await client.createShadow(signal);
        known.etag = undefined;
      } else if (answer.kind === 'shadow') {
        if (answer.etag !== undefined && answer.etag !== etag) leastMs = LEAST_POLL_WITH_NEWS_MS;
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
