import type { FleetSnapshot } from './fleet-snapshot.ts';
import { planView, type PlanViewer, type Wanted } from './plan-view.ts';

/**
 * @returns a function that returns the plan as JSON. The text with all nodes, more than a megabyte for 5,000, is made once for each
 * snapshot, so that clients that ask in a loop do not keep the leader from its work.
 */
export function createPlanText(snapshot: () => FleetSnapshot, viewer: () => PlanViewer): (wanted: Wanted | undefined) => string {
  let whole: { readonly of: FleetSnapshot; readonly text: string } | undefined;
  return (wanted) => {
    const now = snapshot();
    if (wanted !== undefined) return JSON.stringify(planView(now, viewer(), wanted));
    if (whole?.of !== now) whole = { of: now, text: JSON.stringify(planView(now, viewer())) };
    return whole.text;
  };
}
