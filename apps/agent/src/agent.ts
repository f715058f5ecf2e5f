import { createBottlerocketApi } from '@brupop/bottlerocket-api';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { BrupopError, describeError, FollowingClock, Notifier, type Clock, type HttpClient, type Logger, type Random } from '@brupop/ports';
import { isGoingDown, type AgentSettings } from '@brupop/state-machine';
import { AgentMemory } from './agent-memory.ts';
import { createApiserverClient } from './apiserver-client.ts';
import { createBackoff } from './backoff.ts';
import { createReadiness } from './readiness.ts';
import { reconcile, type Next, type ReconcileDeps } from './reconcile.ts';
import { ShadowCache } from './shadow-cache.ts';
import { watchShadow } from './watch-shadow.ts';

/** Everything that an agent depends on. */
export interface AgentDeps {
  /** Connects to the apiserver; with keep-alive, and with a response timeout above the 135 s of a long poll. */
  readonly apiserver: HttpClient;
  /** Connects to the API socket of the host; without keep-alive. */
  readonly host: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly settings: AgentSettings;
  readonly nodeName: string;
  readonly nodeUid?: string | undefined;
  /** Called for each request to the apiserver. */
  readonly readToken: () => string;
  /** Returns the content of `/proc/sys/kernel/random/boot_id`, trimmed. */
  readonly readBootId: () => string;
}

/** An agent that has not started. */
export interface Agent {
  /** Why the agent is not ready, as a message; undefined if it is ready. */
  readonly problem: () => string | undefined;
  /**
   * Runs until the signal aborts, and then rejects with its reason.
   * @throws {@link BrupopError} `HOST_SOCKET_DEAD` if only a restart of the container can help
   */
  run(signal: AbortSignal): Promise<never>;
}

/** Assembles an agent. */
export function createAgent(deps: AgentDeps): Agent {
  const { random, log } = deps;
  // Timestamps that other processes compare use the API server's time, which the apiserver passes on.
  const clock = new FollowingClock(deps.clock);
  const readiness = createReadiness(clock, deps.settings.updateCheckIntervalMs);
  const apiserver = createApiserverClient({ ...deps, clock, http: readiness.apiserver(deps.apiserver), onDate: clock.follow.bind(clock) });
  const host = createBottlerocketApi({ http: readiness.host(deps.host), clock, log });
  return {
    problem: () => readiness.problem(),
    async run(signal) {
      const shadows = new ShadowCache(clock);
      const notifier = new Notifier(clock);
      const stop = new AbortController();
      const running = AbortSignal.any([signal, stop.signal]);
      const onShadow = (shadow: BottlerocketShadow, isFresh: boolean): void => {
        shadows.read(shadow, isFresh);
        notifier.notify();
      };
      const onUnchanged = (): void => {
        shadows.confirmed();
      };
      const watching = watchShadow({ client: apiserver, clock, random, log, known: shadows, onShadow, onUnchanged }, running);
      const working = work(
        { ...deps, clock, settings: spread(deps.settings, random), apiserver, host, shadows, memory: new AgentMemory() },
        notifier,
        random,
        running,
      );
      try {
        return await Promise.race([watching, working]);
      } finally {
        stop.abort(new Error('the agent is shutting down'));
        await Promise.allSettled([watching, working]);
      }
    },
  };
}

async function work(deps: ReconcileDeps, notifier: Notifier, random: Random, signal: AbortSignal): Promise<never> {
  const { clock, log } = deps;
  const backoff = createBackoff(clock, random);
  const hostBackoff = createBackoff(clock, random, HOST_BACKOFF_MS);
  let loggedReason = '';
  await notifier.wait(0, undefined, signal);
  for (;;) {
    const seen = notifier.version;
    try {
      const next = await reconcile(deps, signal);
      backoff.reset();
      hostBackoff.reset();
      loggedReason = '';
      if (next !== 'now') await notifier.wait(seen, pauseMs(deps, next), signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = error instanceof BrupopError ? error.code : undefined;
      if (code === 'HOST_SOCKET_DEAD' && !isExpected(deps)) throw error;
      const reason = describeError(error);
      log[reason === loggedReason ? 'debug' : 'warn']('Reconciliation failed and will be retried', { reason });
      loggedReason = reason;
      await (isUrgent(deps, code) ? hostBackoff : backoff).pause(signal);
    }
  }
}

// Connecting to a socket is cheap, and a cordoned, drained node may be waiting for the answer.
const HOST_BACKOFF_MS = 2_000;

/** Whether the host did not answer while an answer is needed soon. */
function isUrgent({ shadows }: ReconcileDeps, code: string | undefined): boolean {
  const isUpdating = (shadows.current()?.spec.state ?? 'Idle') !== 'Idle';
  return code === 'HOST_SOCKET_DEAD' || code === 'HOST_UNREACHABLE' || (code === 'HOST_ANSWER' && isUpdating);
}

/** Mounting the socket again does not help while the host shuts down. */
function isExpected({ clock, settings, memory: { outcomes } }: ReconcileDeps): boolean {
  return isGoingDown({ outcomes, now: clock.now(), settings });
}

// If the wall clock jumps, the agent must not sleep longer than the interval of update checks.
function pauseMs({ clock, settings }: ReconcileDeps, { until }: Exclude<Next, 'now'>): number | undefined {
  return until === undefined ? undefined : Math.min(Math.max(0, until - clock.now()), settings.updateCheckIntervalMs);
}

/** Varies the check interval by up to 10%, so that agents that started together do not query the update repository at the same time. */
function spread(settings: AgentSettings, random: Random): AgentSettings {
  return { ...settings, updateCheckIntervalMs: settings.updateCheckIntervalMs * (0.9 + random() / 5) };
}
