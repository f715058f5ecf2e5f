import { BrupopError, sleep } from '@brupop/ports';
import type { Clock, HttpClient, Logger } from '@brupop/ports';
import { HostConnection } from './host-connection.ts';
import type { HostAnswer } from './host-connection.ts';
import { parseOs, parseUpdateStatus } from './parse-answers.ts';
import type { ActionResult, CommandResult, OsInfo, UpdateCommand, UpdateStatus } from './types.ts';

/** What {@link createBottlerocketApi} needs. */
export interface BottlerocketApiOptions {
  /** Carries requests to `/run/api.sock`. Give it no keep-alive. */
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long connecting may be refused without a break before the socket counts as dead; 15 s by default. */
  readonly socketDeadAfterMs?: number;
}

/** How to wait for a command. */
export interface AwaitCommandOptions {
  /** Timestamp of the most recent command before this one was started; undefined if there was none. */
  readonly before: string | undefined;
  readonly timeoutMs: number;
  /** Pause before the first look; it grows by a quarter from look to look, up to 2 s. 100 ms by default: whoever is in no hurry saves looks with a longer one. */
  readonly firstPauseMs?: number;
}

/**
 * The update API of a Bottlerocket host. Expected answers are results.
 * Every method throws `BrupopError`: `HOST_UNREACHABLE` (transient), `HOST_SOCKET_DEAD` (terminal: the process must be
 * restarted to get a new mount of the socket), `HOST_ANSWER` (transient: an answer that Bottlerocket does not give); or the signal's reason.
 */
export interface BottlerocketApi {
  os(signal: AbortSignal): Promise<OsInfo>;
  status(signal: AbortSignal): Promise<UpdateStatus>;
  /** Looks for updates and chooses one. */
  refresh(signal: AbortSignal): Promise<ActionResult>;
  /** Downloads the chosen update to the staging partition. */
  prepare(signal: AbortSignal): Promise<ActionResult>;
  /** Makes the staged update the next to boot. */
  activate(signal: AbortSignal): Promise<ActionResult>;
  /** Undoes `activate`. */
  deactivate(signal: AbortSignal): Promise<ActionResult>;
  reboot(signal: AbortSignal): Promise<ActionResult>;
  /** Waits until a command that was `started` has ended. */
  awaitCommand(command: UpdateCommand, options: AwaitCommandOptions, signal: AbortSignal): Promise<CommandResult>;
}

// A mounted socket that refuses never answers again, so that each second is lost; but a container that is restarted before the host has made the new socket
// would mount the old one again, or nothing.
const DEFAULT_SOCKET_DEAD_AFTER_MS = 15_000;
const FIRST_PAUSE_MS = 100;
// Whatever a command takes, its end is seen at most about a quarter of that later.
const PAUSE_GROWTH = 1.25;
const LONGEST_PAUSE_MS = 2_000;
// The host notes a command's end before it lets go of the lock, which it holds without a gap from the answer on. The time is for hosts that are less exact.
const VANISHED_AFTER_MS = 4_000;

/** A client of the update API of the host that `http` leads to. */
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
        // The host has just begun: there is nothing to see yet.
        await sleep(clock, pauseMs, signal);
        const now = await lookPast(status, signal);
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

/** The status, or undefined if it cannot be had just now: that is no reason to lose sight of a long download. */
async function lookPast(status: BottlerocketApi['status'], signal: AbortSignal): Promise<UpdateStatus | undefined> {
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
      // An unknown path is a 404 as well, with an empty body.
      if (answer.body !== '') return { kind: 'uninitialized' };
      throw unexpected('/updates/status', answer);
    default:
      throw unexpected('/updates/status', answer);
  }
}

function readAction({ status, body }: HostAnswer): ActionResult {
  const said = body.trim();
  const message = said === '' ? `The host answered ${String(status)}` : said;
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
