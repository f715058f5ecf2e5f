import type { BottlerocketShadow } from '@brupop/crd-models';
import {
  phaseAt,
  phaseEnded,
  UPDATE_PHASES,
  type EndedPhase,
  type UpdatePhase,
  type AveragePhaseDurations,
  type PhaseSpan,
} from '@brupop/state-machine';

/** Measures how long the phases of updates take. Kept in memory only: a new leader measures from scratch. */
export interface PhaseDurations {
  /** @param now milliseconds since the epoch @returns the phases that have ended since the last look */
  look(shadows: readonly BottlerocketShadow[], now: number): readonly EndedPhase[];
  /** The average duration of each phase that was measured. */
  durations(): AveragePhaseDurations;
  /** Forgets the phases that have not ended: another process may have been the leader since. */
  forgetSpans(): void;
}

// Enough to smooth out variation, few enough to follow a slow mirror that has become fast.
const MOST_KEPT = 20;

export function createPhaseDurations(): PhaseDurations {
  let spans = new Map<string, PhaseSpan>();
  const kept = new Map<UpdatePhase, readonly number[]>();
  return {
    look(shadows, now) {
      const ended: EndedPhase[] = [];
      const next = new Map<string, PhaseSpan>();
      for (const shadow of shadows) {
        const id = shadow.metadata.uid ?? shadow.metadata.name;
        const before = spans.get(id);
        const after = phaseAt(shadow, now);
        if (after !== undefined) next.set(id, after);
        const measured = before === undefined ? undefined : phaseEnded(before, shadow, now);
        if (measured !== undefined) ended.push(measured);
      }
      spans = next;
      for (const { phase, ms } of ended) kept.set(phase, [...(kept.get(phase) ?? []), ms].slice(-MOST_KEPT));
      return ended;
    },
    durations: () => Object.fromEntries(UPDATE_PHASES.flatMap((phase) => averageOf(kept.get(phase)).map((ms) => [phase, ms]))),
    forgetSpans() {
      spans = new Map();
    },
  };
}

function averageOf(times: readonly number[] = []): number[] {
  return times.length === 0 ? [] : [times.reduce((sum, ms) => sum + ms, 0) / times.length];
}
