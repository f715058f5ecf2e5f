import type { Clock } from '@brupop/ports';

/** Wakes one sleeper. A ring while nobody sleeps is kept for the next. */
export interface Doorbell {
  ring(): void;
  /** Resolves at a ring or after `ms`, if given. Rejects with the signal's reason. */
  wait(ms: number | undefined, signal: AbortSignal): Promise<void>;
}

/** A doorbell that nobody has rung. */
export function createDoorbell(clock: Clock): Doorbell {
  let rung = false;
  let wake: () => void = () => undefined;
  return {
    ring() {
      rung = true;
      wake();
    },
    async wait(ms, signal) {
      signal.throwIfAborted();
      if (!rung) {
        await new Promise<void>((resolve) => {
          const cancel =
            ms === undefined
              ? (): void => undefined
              : clock.setTimer(ms, () => {
                  wake();
                });
          wake = () => {
            cancel();
            signal.removeEventListener('abort', wake);
            wake = () => undefined;
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.throwIfAborted();
      }
      rung = false;
    },
  };
}
