import { BrupopError, sleep, type Clock, type HttpClient, type Logger } from '@brupop/ports';
import { HostConnection, type HostAnswer } from './host-connection.ts';
import { parseOs, parseUpdateStatus } from './parse-answers.ts';
import type { ActionResult, CommandResult, OsInfo, UpdateCommand, UpdateStatus } from './types.ts';

/** Options of {@link createBottlerocketApi}. */
export interface BottlerocketApiOptions {
  /** Sends requests to `/run/api.sock`; without keep-alive. */
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long connections may be refused continuously before the socket counts as dead; 15 s by default. */
  readonly socketDeadAfterMs?: number;
}

/** Options of `awaitCommand`. */
export interface AwaitCommandOptions {
  /** Timestamp of the most recent command before this one; undefined if there was none. */
  readonly before: string | undefined;
  readonly timeoutMs: number;
  /** Pause before the first check; it grows by a quarter with each check, up to 2 s. 100 ms by default; a longer one saves requests. */
  readonly firstPauseMs?: number;
}

/**
 * The update API of a Bottlerocket host. Expected responses are results.
 * Every method throws `BrupopError`: `HOST_UNREACHABLE` (transient), `HOST_SOCKET_DEAD` (terminal: only a restart of the container mounts
 * the socket again), `HOST_ANSWER` (transient: a response that Bottlerocket does not send); or the signal's reason.
 */
export interface BottlerocketApi {
  os(signal: AbortSignal): Promise<OsInfo>;
  status(signal: AbortSignal): Promise<UpdateStatus>;
  /** Checks for updates and chooses one. */
  refresh(signal: AbortSignal): Promise<ActionResult>;
  /** Downloads the chosen update to the staging partition. */
  prepare(signal: AbortSignal): Promise<ActionResult>;
  /** Sets the staged update to be booted next. */
  activate(signal: AbortSignal): Promise<ActionResult>;
  /** Undoes `activate`. */
  deactivate(signal: AbortSignal): Promise<ActionResult>;
  reboot(signal: AbortSignal): Promise<ActionResult>;
  /** Waits until a command has ended that returned `started`. */
  awaitCommand(command: UpdateCommand, options: AwaitCommandOptions, signal: AbortSignal): Promise<CommandResult>;
}

// A mounted socket that refuses connections never answers again, so that waiting is useless; but a container that restarts before the host
// has created the new socket would mount the old one again, or nothing.
const DEFAULT_SOCKET_DEAD_AFTER_MS = 15_000;
const FIRST_PAUSE_MS = 100;
// The end of a command is noticed after at most a quarter of its duration.
const PAUSE_GROWTH = 1.25;
const LONGEST_PAUSE_MS = 2_000;
// The host records the end of a command before it releases the lock, which it acquires before it responds. The time is a safety margin.
const VANISHED_AFTER_MS = 4_000;

/** A client of the update API of the host that `http` connects to. */
export function createBottlerocketApi(options: BottlerocketApiOptions): BottlerocketApi {
  const { clock, log } = options;
  const connection = new HostConnection({ ...options, socketDeadAfterMs: options.socketDeadAfterMs ?? DEFAULT_SOCKET_DEAD_AFTER_MS });

  const status = async (signal: AbortSignal): Promise<UpdateStatus> =>
    readStatus(await connection.request('GET', '/updates/status', signal));

  const act =
    (path: string) =>
    async (signal: AbortSignal): Promise<ActionResult> => {
      const result = readAction(await connection.request('POST', path, signal));
      log.debug('Called the host API', { path, result: result.kind });
      return result;
    };

  return {
    status,
    async os(signal) {
      const answer = await connection.request('GET', '/os', signal);
      if (answer.status !== 200) throw unexpected('/os', answer);
      return parseOs(answer.body);
    },
    refresh: act('/actions/refresh-updates'),
    prepare: act('/actions/prepare-update'),
    activate: act('/actions/activate-update'),
    deactivate: act('/actions/deactivate-update'),
    reboot: act('/actions/reboot'),

    async awaitCommand(command, { before, timeoutMs, firstPauseMs = FIRST_PAUSE_MS }, signal) {
      const deadline = clock.monotonic() + timeoutMs;
      let unchangedSinceMs: number | undefined;
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.max(firstPauseMs, Math.min(PAUSE_GROWTH * pauseMs, LONGEST_PAUSE_MS))) {
        // The command has just started, so that there is no result yet.
        await sleep(clock, pauseMs, signal);
        const now = await statusOrUndefined(status, signal);
        if (now?.kind === 'known' && now.mostRecentCommand !== undefined && now.mostRecentCommand.timestamp !== before) {
          return { kind: 'ended', status: now };
        }
        const nowMs = clock.monotonic();
        unchangedSinceMs = now === undefined || now.kind === 'busy' ? undefined : (unchangedSinceMs ?? nowMs);
        if (nowMs - (unchangedSinceMs ?? nowMs) >= VANISHED_AFTER_MS)
          return { kind: 'vanished', message: `The host's updater ended ${command} without reporting a result` };
        if (nowMs >= deadline)
          return { kind: 'timeout', message: `${command} took longer than ${String(Math.round(timeoutMs / 1_000))} s` };
      }
    },
  };
}

/** The status, or undefined after a transient failure, which must not end the wait for a long download. */
async function statusOrUndefined(status: BottlerocketApi['status'], signal: AbortSignal): Promise<UpdateStatus | undefined> {
  try {
    return await status(signal);
  } catch (error) {
    if (error instanceof BrupopError && error.retry === 'transient') return undefined;
    throw error;
  }
}

function readStatus(answer: HostAnswer): UpdateStatus {
  switch (answer.status) {
    case 200:
      return parseUpdateStatus(answer.body);
    case 423:
      return { kind: 'busy' };
    case 404:
      // The response to an unknown path is also a 404, with an empty body.
      if (answer.body !== '') return { kind: 'uninitialized' };
      throw unexpected('/updates/status', answer);
    default:
      throw unexpected('/updates/status', answer);
  }
}

function readAction({ status, body }: HostAnswer): ActionResult {
  const text = body.trim();
  const message = text === '' ? `The host answered ${String(status)}` : text;
  switch (status) {
    case 200:
    case 204:
      return { kind: 'started' };
    case 423:
      return { kind: 'busy', message };
    case 409:
      return { kind: 'not-allowed', message };
    case 404:
      return { kind: body === '' ? 'refused' : 'missing', message };
    default:
      return { kind: 'refused', message };
  }
}

function unexpected(path: string, { status, body }: HostAnswer): BrupopError {
  return new BrupopError('HOST_ANSWER', `The host answered GET ${path} with ${String(status)} ${body.slice(0, 200)}`.trim(), {
    retry: 'transient',
  });
}
