import type { FleetSnapshot } from './fleet-snapshot.ts';
import { planView } from './plan-view.ts';
import type { PlanViewer, Wanted } from './plan-view.ts';

/**
 * @returns what gives the plan as JSON. That of all nodes, more than a megabyte for 5,000, is made once a picture: whoever asks in a loop shall not
 * keep the leader from its work.
 */
export function createPlanText(picture: () => FleetSnapshot, viewer: () => PlanViewer): (wanted: Wanted | undefined) => string {
  let whole: { readonly of: FleetSnapshot; readonly text: string } | undefined;
  return (wanted) => {
    const now = picture();
    if (wanted !== undefined) return JSON.stringify(planView(now, viewer(), wanted));
    if (whole?.of !== now) whole = { of: now, text: JSON.stringify(planView(now, viewer())) };
    return whole.text;
  };
}
