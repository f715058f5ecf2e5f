import type { Lease } from '@brupop/kube-objects';
import { BrupopError, sleep, type Clock, type Logger, type Random } from '@brupop/ports';
import type { KubeClient } from './client.ts';
import { getOrUndefined } from './get-or-undefined.ts';
import { isAborted } from './is-aborted.ts';
import { isKubeStatus } from './kube-error.ts';
import { withHolder, mayHold, observeLease, released, type ObservedLease } from './lease.ts';
import { paths } from './paths.ts';

/** What a {@link LeaderElector} needs. */
export interface LeaderElectorOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  readonly leaseName: string;
  /** Must differ between processes, also between two lives of the same pod name. */
  readonly identity: string;
  /** How long others respect a lease that is not renewed; 40 s by default, as the kubelet's. */
  readonly leaseDurationMs?: number;
  /**
   * A leader that could not renew within this time stops leading; 30 s by default, and less than the duration. A renewal times out after
   * half of it, which is more than the 10 s that an admission webhook has by default.
   */
  readonly renewDeadlineMs?: number;
  /** Pause between attempts; 2 s by default, and less than the deadline. */
  readonly retryPeriodMs?: number;
}

/** Takes part in a leader election. */
export interface LeaderElector {
  /**
   * Waits for the lease, then calls `lead`. When the lease is lost its signal aborts; once it has ended, the waiting begins again.
   * Resolves after `signal` has aborted, `lead` has ended and the lease is released, or when `lead` ends by itself.
   * @throws what `lead` throws while it leads
   */
  run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  isLeader(): boolean;
  /** The last known holder of the lease; undefined before the first read, and if there is none. */
  holder(): string | undefined;
}

/** One leader among several processes, by the rules of client-go's `leaderelection`. */
export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  const { client, clock, random, log, namespace, leaseName, identity } = options;
  const { leaseDurationMs = 40_000, renewDeadlineMs = 30_000, retryPeriodMs = 2_000 } = options;
  if (!(retryPeriodMs * 1.2 < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
    throw new BrupopError('LEASE_TIMES', 'retryPeriodMs * 1.2 < renewDeadlineMs < leaseDurationMs must hold', { retry: 'terminal' });
  }
  const path = paths.lease(namespace, leaseName);
  let observed: ObservedLease | undefined;
  let loggedHolder = '';
  /** When the last successful renewal was *sent*: other processes count from then or later. Undefined while not leading. */
  let renewedMs: number | undefined;

  const note = (lease: Lease): ObservedLease => {
    observed = observeLease(observed, lease, clock.monotonic());
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== loggedHolder) log.info('Leader changed', { leader: holder === '' ? 'none' : holder });
    loggedHolder = holder;
    return observed;
  };

  const read = async (signal: AbortSignal, timeoutMs: number): Promise<ObservedLease | undefined> => {
    const lease = await getOrUndefined<Lease>(client, path, { signal, timeoutMs });
    return lease === undefined ? undefined : note(lease);
  };

  const write = async (lease: Lease, signal: AbortSignal, timeoutMs: number): Promise<void> => {
    const isNew = lease.metadata.resourceVersion === undefined;
    note(await client.request<Lease>(isNew ? 'POST' : 'PUT', isNew ? paths.leases(namespace) : path, { body: lease, signal, timeoutMs }));
  };

  /** One attempt to take or to renew the lease. False: another process holds it, or was faster. */
  const attempt = async (signal: AbortSignal, timeoutMs: number): Promise<boolean> => {
    const startedMs = clock.monotonic();
    // The holder knows the record that it wrote and need not read it; the resourceVersion guards the write.
    const current = renewedMs !== undefined && observed !== undefined ? observed : await read(signal, timeoutMs);
    if (current !== undefined && !mayHold(current, identity, clock.monotonic())) return false;
    const blank: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: leaseName, namespace } };
    try {
      await write(withHolder(current?.lease ?? blank, identity, leaseDurationMs, clock.now()), signal, timeoutMs);
    } catch (error) {
      if (!isKubeStatus(error, 404, 409)) throw error;
      // Without a record the next attempt reads the lease, and creates it again if it was deleted.
      observed = undefined;
      const actual = await read(signal, timeoutMs);
      const holder = actual?.lease.spec?.holderIdentity ?? '';
      // Another client may have changed other fields, such as labels; the leader is the same, and the next attempt renews.
      if (renewedMs !== undefined && (holder === identity || actual === undefined)) throw error;
      return false;
    }
    // Aborted in the meantime: this success came too late.
    signal.throwIfAborted();
    renewedMs = startedMs;
    return true;
  };

  const acquire = async (signal: AbortSignal): Promise<boolean> => {
    while (!signal.aborted) {
      try {
        if (await attempt(signal, renewDeadlineMs)) return true;
      } catch (error) {
        if (!isAborted(signal)) log.warn('Acquiring the lease failed, trying again', { lease: leaseName, error });
      }
      await sleep(clock, retryPeriodMs * (1 + 0.2 * random()), signal).catch(() => undefined);
    }
    return false;
  };

  /** Renews until the lease is lost or `signal` aborts. */
  const renew = async (signal: AbortSignal, lost: (reason: string) => void): Promise<void> => {
    let cancelDeadline: () => void = () => undefined;
    // A timer of its own, since the renewal may be a request that does not return.
    const arm = (): void => {
      cancelDeadline();
      cancelDeadline = clock.setTimer((renewedMs ?? 0) + renewDeadlineMs - clock.monotonic(), () => {
        lost('the lease could not be renewed in time');
      });
    };
    arm();
    try {
      while (!signal.aborted) {
        await sleep(clock, retryPeriodMs, signal);
        try {
          if (!(await attempt(signal, renewDeadlineMs / 2))) lost('another process took the lease');
          else arm();
        } catch (error) {
          if (!isAborted(signal)) log.warn('Renewing the lease failed, trying again', { lease: leaseName, error });
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      cancelDeadline();
    }
  };

  const release = async (): Promise<void> => {
    renewedMs = undefined;
    // The caller's signal has aborted by now; these requests have a deadline instead.
    const { signal } = new AbortController();
    try {
      if (observed?.lease.spec?.holderIdentity !== identity) return;
      try {
        await write(released(observed.lease, clock.now()), signal, retryPeriodMs);
      } catch (error) {
        if (!isKubeStatus(error, 409)) throw error;
        // A renewal was cut off by the end of the term, after the API server had taken it.
        const actual = await read(signal, retryPeriodMs);
        if (actual?.lease.spec?.holderIdentity === identity) await write(released(actual.lease, clock.now()), signal, retryPeriodMs);
      }
    } catch (error) {
      log.warn('Releasing the lease failed, it will expire', { lease: leaseName, error });
    }
  };

  /** @returns whether to try again */
  const term = async (lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<boolean> => {
    const leading = new AbortController();
    const stop = (): void => {
      leading.abort(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    // Renewal continues while `lead` ends, so that no other process leads before that.
    const renewing = new AbortController();
    const end = { isLost: false };
    const renewal = renew(renewing.signal, (reason) => {
      end.isLost = true;
      renewedMs = undefined;
      log.error('Lost the leadership', { lease: leaseName, reason });
      const error = new BrupopError('LEADERSHIP_LOST', reason, { retry: 'transient' });
      leading.abort(error);
      renewing.abort(error);
    });
    log.info('Leading', { lease: leaseName, identity });
    try {
      await lead(leading.signal);
    } catch (error) {
      if (!leading.signal.aborted) throw error;
    } finally {
      renewing.abort();
      await renewal;
      signal.removeEventListener('abort', stop);
      if (!end.isLost) await release();
    }
    return end.isLost && !signal.aborted;
  };

  return {
    holder() {
      const identity = observed?.lease.spec?.holderIdentity ?? '';
      return identity === '' ? undefined : identity;
    },
    isLeader: () => renewedMs !== undefined && clock.monotonic() - renewedMs < leaseDurationMs,
    async run(lead, signal) {
      while (await acquire(signal)) if (!(await term(lead, signal))) return;
      // The signal may have come at the moment of success.
      await release();
    },
  };
}
