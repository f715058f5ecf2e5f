import { writeFileSync } from 'node:fs';
import { describeError, systemClock, type Clock, type Logger } from '@brupop/ports';
import { ConfigError } from './errors.ts';

/** The part of the global `process` that {@link runProcess} needs; tests use a fake. */
export interface ProcessHost {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

/** Options of {@link runProcess}. */
export interface RunOptions {
  readonly log: Logger;
  /** How long a shutdown may take before the process exits anyway; 25 s by default, less than the 30 s of a pod. */
  readonly stopTimeoutMs?: number;
  /** File for the reason of a failure, for `kubectl describe pod`. */
  readonly terminationLog?: string | undefined;
  readonly clock?: Clock;
  readonly host?: ProcessHost;
}

/**
 * Runs a main function, and exits when it ends. SIGTERM and SIGINT abort its signal; a second signal exits immediately.
 * Exit codes: 0 after a signal; 1 after an error, or if main returned without a signal; 2 for an invalid configuration.
 */
export async function runProcess(main: (signal: AbortSignal) => Promise<void>, options: RunOptions): Promise<void> {
  const { log, stopTimeoutMs = 25_000, clock = systemClock, host = process } = options;
  const abort = new AbortController();
  let cancelTimer: () => void = () => undefined;
  let ended = false;
  const end = (code: number): void => {
    if (ended) return;
    ended = true;
    cancelTimer();
    for (const [event, listener] of Object.entries(listeners)) host.off(event, listener);
    // The log is a stream, whose last lines are written in the next turns of the event loop.
    setImmediate(() => {
      host.exit(code);
    });
  };
  const fail = (message: string, error: unknown): void => {
    log.error(message, { error });
    if (options.terminationLog !== undefined) writeTerminationLog(options.terminationLog, describeError(error));
    end(1);
  };
  const onSignal = (name: unknown): void => {
    if (abort.signal.aborted) {
      log.warn('Exiting immediately', { reason: 'received a second signal', signal: name });
      end(1);
      return;
    }
    log.info('Shutting down', { signal: name });
    cancelTimer = clock.setTimer(stopTimeoutMs, () => {
      fail('Exiting before the shutdown completed', new Error(`the shutdown took longer than ${String(stopTimeoutMs)} ms`));
    });
    abort.abort(new Error('the process is shutting down'));
  };
  const listeners = {
    SIGTERM: onSignal,
    SIGINT: onSignal,
    uncaughtException: (error: unknown) => {
      fail('Exiting after an uncaught exception', error);
    },
    unhandledRejection: (error: unknown) => {
      fail('Exiting after an unhandled promise rejection', error);
    },
  };
  for (const [event, listener] of Object.entries(listeners)) host.on(event, listener);
  try {
    await main(abort.signal);
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) log.error('Invalid configuration', { problem });
      if (options.terminationLog !== undefined) writeTerminationLog(options.terminationLog, error.problems.join('\n'));
      end(2);
      return;
    }
    // After a signal, pending operations reject with its reason.
    if (!abort.signal.aborted || error !== abort.signal.reason) {
      fail('Exiting after an error', error);
      return;
    }
  }
  if (abort.signal.aborted) end(0);
  else fail('Exiting', new Error('main returned unexpectedly'));
}

function writeTerminationLog(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {
    // The log contains the reason too.
  }
}
