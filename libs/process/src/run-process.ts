import { writeFileSync } from 'node:fs';
import { describeError, systemClock } from '@brupop/ports';
import type { Clock, Logger } from '@brupop/ports';
import { ConfigError } from './errors.ts';

/** The part of Node's `process` that a main function needs; tests give their own. */
export interface ProcessHost {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

/** What {@link runProcess} needs beside the main function. */
export interface RunOptions {
  readonly log: Logger;
  /** How long a stop may take before the process ends anyway; 25 s by default, within a pod's 30. */
  readonly stopTimeoutMs?: number;
  /** File that gets the reason of a failure, for `kubectl describe pod`. */
  readonly terminationLog?: string | undefined;
  readonly clock?: Clock;
  readonly host?: ProcessHost;
}

/**
 * Runs a main function until it ends, and the process with it. SIGTERM and SIGINT abort its signal; a second one ends at once.
 * Exit codes: 0 after a signal; 1 after an error, or if main came to an end that nobody asked for; 2 for a bad configuration.
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
    // The log is a stream; its last lines leave in the next turns.
    setImmediate(() => {
      host.exit(code);
    });
  };
  const fail = (message: string, error: unknown): void => {
    log.error(message, { error });
    if (options.terminationLog !== undefined) leaveNote(options.terminationLog, describeError(error));
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
      if (options.terminationLog !== undefined) leaveNote(options.terminationLog, error.problems.join('\n'));
      end(2);
      return;
    }
    // Whatever was under way when the signal came ends with its reason.
    if (!abort.signal.aborted || error !== abort.signal.reason) {
      fail('Exiting after an error', error);
      return;
    }
  }
  if (abort.signal.aborted) end(0);
  else fail('Exiting', new Error('main returned unexpectedly'));
}

function leaveNote(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {
    // The log has it too.
  }
}
