import type { Clock } from '@brupop/ports';

/** Wakes one sleeper. A notify while nobody sleeps is kept for the next. */
export interface Notifier {
  notify(): void;
  /** Resolves at a notify or after `ms`, if given. Rejects with the signal's reason. */
  wait(ms: number | undefined, signal: AbortSignal): Promise<void>;
}

/** A notifier that nobody has notified. */
export function createNotifier(clock: Clock): Notifier {
  let notified = false;
  let wake: () => void = () => undefined;
  return {
    notify() {
      notified = true;
      wake();
    },
    async wait(ms, signal) {
      signal.throwIfAborted();
      if (!notified) {
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
      notified = false;
    },
  };
}
