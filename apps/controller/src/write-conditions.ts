import { nodeNameOf, shadowStatusPath } from '@brupop/crd-models';
import type { ObservedShadow } from '@brupop/crd-models';
import type { KubeClient } from '@brupop/kube-runtime';
import { isKubeStatus, KubeApiError, MERGE_PATCH } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { Logger } from '@brupop/process';
import type { FleetHold } from '@brupop/state-machine';
import { conditionsDue, shadowConditions } from '@brupop/state-machine';
import type { ConditionsDue } from '@brupop/state-machine';
import type { AssumedShadows } from './assumed-shadows.ts';
import { createFailingWrites } from './failing-writes.ts';
import type { FailingWrites } from './failing-writes.ts';
import { transformShadow } from './transform.ts';

/** What writing conditions takes. */
export interface ConditionWriterDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  readonly assumed: AssumedShadows;
  /** Whether there is something more important to do. */
  readonly isPressed: () => boolean;
}

/** Keeps the conditions of shadows true. What it remembers between two looks only saves writes: a new leader begins with nothing. */
export interface ConditionWriter {
  /** Says that a shadow has changed, and may want others from now on. For what else makes it want others, that is from the next look on. */
  changed(shadow: string): void;
  /**
   * Writes the conditions that have changed, each only over the very shadow they were worked out from. People and monitoring read them and nothing is
   * decided by them, so a write that fails is no failure of the reconcile.
   * @returns in how many milliseconds to look again; undefined: not before something happens
   */
  write(holds: readonly FleetHold[], shadows: readonly ObservedShadow[], signal: AbortSignal): Promise<number | undefined>;
}

// A step is often followed by the next within a moment; what was true in between is not worth a write of its own. As long as news that can wait does,
// so that one plan serves both.
const SETTLE_MS = 5_000;
// The whole fleet may want conditions at once, after an installation; updates shall not wait for them.
const MOST_AT_ONCE = 50;
const BETWEEN_MS = 1_000;
/** Of a host that checks for updates just now: a refresh has mostly ended by then. */
const CHECK_SETTLES_MS = 60_000;
// Why nodes wait changes for the whole fleet at once when a window opens or closes, and the plan says it at once. So many are written at a time, and one a second
// after that: 5,000 nodes take 83 minutes.
const MOST_LATE = 60;
const LATE_EVERY_MS = 1_000;
const LATE_BETWEEN_MS = 30_000;

interface Due {
  readonly shadow: ObservedShadow;
  readonly hold: FleetHold;
}

export function createConditionWriter(deps: ConditionWriterDeps): ConditionWriter {
  const { clock, isPressed } = deps;
  /** By shadow: since when it wants others than it carries, or may, in monotonic milliseconds. */
  let wantedSince = new Map<string, number>();
  /** Shadows that carry what they should, with the hold that it was worked out from: of thousands hardly any changes from one plan to the next. */
  const satisfied = new WeakMap<ObservedShadow, FleetHold>();
  const failingWrites = createFailingWrites(clock);
  /** How many late ones may be written now, and when that was worked out. */
  let allowance = { left: MOST_LATE, atMs: clock.monotonic() };

  const dueOf = (shadow: ObservedShadow, hold: FleetHold): ConditionsDue => {
    if (saysTheSame(hold, satisfied.get(shadow))) return 'none';
    const due = conditionsDue(shadow, hold);
    if (due === 'none') satisfied.set(shadow, hold);
    return due;
  };
  /** As many of the late ones as may be written now. */
  const someOf = (late: readonly Due[], nowMs: number): readonly Due[] => {
    const left = Math.min(MOST_LATE, allowance.left + (nowMs - allowance.atMs) / LATE_EVERY_MS);
    const some = late.slice(0, Math.min(Math.floor(left), MOST_AT_ONCE));
    allowance = { left: left - some.length, atMs: nowMs };
    return some;
  };

  /** Those that are to be written now, as many as are written at once, and when to look for others. */
  const look = (holds: readonly FleetHold[], shadows: readonly ObservedShadow[]): { due: readonly Due[]; nextInMs: number | undefined } => {
    const byNode = new Map<string, FleetHold>();
    for (const hold of holds) byNode.set(hold.node, hold);
    const nowMs = clock.monotonic();
    const since = new Map<string, number>();
    const due: Due[] = [];
    const late: Due[] = [];
    let nextInMs: number | undefined;
    const leftAlone = failingWrites.current();
    for (const shadow of shadows) {
      const hold = byNode.get(nodeNameOf(shadow) ?? '');
      if (hold === undefined) continue;
      const urgency = dueOf(shadow, hold);
      if (urgency === 'none') continue;
      const { name } = shadow.metadata;
      const sinceMs = wantedSince.get(name) ?? nowMs;
      since.set(name, sinceMs);
      if (leftAlone.has(name)) continue;
      const inMs = sinceMs + (urgency === 'settling' ? CHECK_SETTLES_MS : SETTLE_MS) - nowMs;
      // One look for all that have not settled yet: in a large fleet there is always one, and each look is a plan.
      if (inMs > 0) nextInMs = Math.max(inMs, nextInMs ?? 0);
      else if (urgency === 'late') late.push({ shadow, hold });
      else if (due.push({ shadow, hold }) === MOST_AT_ONCE) {
        wantedSince = new Map([...wantedSince, ...since]);
        return { due, nextInMs: BETWEEN_MS };
      }
    }
    wantedSince = since;
    if (late.length === 0) return { due, nextInMs };
    if (due.length > 0) return { due, nextInMs: BETWEEN_MS };
    const some = someOf(late, nowMs);
    if (some.length === late.length) return { due: some, nextInMs };
    // Each look is a plan: once the allowance is used up, it is let grow to what is worth one.
    const againInMs = some.length === MOST_AT_ONCE ? BETWEEN_MS : LATE_BETWEEN_MS;
    return { due: some, nextInMs: Math.min(nextInMs ?? Infinity, againInMs) };
  };

  return {
    changed(shadow) {
      if (!wantedSince.has(shadow)) wantedSince.set(shadow, clock.monotonic());
    },
    async write(holds, shadows, signal) {
      const { due, nextInMs } = look(holds, shadows);
      let outdated = false;
      for (const [at, one] of due.entries()) {
        // The first is always written: there may be no end of other news.
        if (at > 0 && isPressed()) return BETWEEN_MS;
        signal.throwIfAborted();
        const written = await writeOne(deps, failingWrites, one, signal);
        // Not the whole fleet against an API server that is down.
        if (written === 'failed') return BETWEEN_MS;
        if (written === 'written') wantedSince.delete(one.shadow.metadata.name);
        outdated ||= written === 'outdated';
      }
      return outdated ? BETWEEN_MS : nextInMs;
    },
  };
}

function saysTheSame({ reason, message, lasting }: FleetHold, other: FleetHold | undefined): boolean {
  return reason === other?.reason && message === other.message && lasting === other.lasting;
}

/** @returns `done` if there is nothing more to be done for this one; `failed` if others are not to be tried either */
async function writeOne(
  { client, clock, log, namespace, assumed }: ConditionWriterDeps,
  failingWrites: FailingWrites,
  { shadow, hold }: Due,
  signal: AbortSignal,
): Promise<'written' | 'done' | 'outdated' | 'failed'> {
  const { name, resourceVersion } = shadow.metadata;
  const body = { metadata: { resourceVersion }, status: { conditions: shadowConditions(shadow, hold, clock.now()) } };
  const path = shadowStatusPath(namespace, name);
  try {
    assumed.written(transformShadow(await client.request<unknown>('PATCH', path, { body, contentType: MERGE_PATCH, signal })));
    failingWrites.succeeded(name);
    return 'written';
  } catch (error) {
    signal.throwIfAborted();
    if (isKubeStatus(error, 404)) return 'done';
    if (isKubeStatus(error, 409)) return 'outdated';
    failingWrites.failed(name, error);
    log.warn('Writing the conditions of a shadow failed', { shadow: name, error });
    return error instanceof KubeApiError && error.retry === 'terminal' ? 'done' : 'failed';
  }
}
