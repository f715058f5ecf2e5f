import { CHANGE_REASONS, HOLD_REASONS } from '@brupop/state-machine';
import type { Wanted } from './plan-view.ts';

/** Which nodes a request for the plan asks for (undefined: all), or what is wrong with it. */
export type PlanQuery =
  { readonly ok: true; readonly wanted: Wanted | undefined } | { readonly ok: false; readonly problems: readonly string[] };

const PARAMETERS = ['node', 'reason'];
const LONGEST_QUOTE = 100;
// A word may stand for a hold and for a change.
const REASONS: ReadonlySet<string> = new Set([...Object.keys(HOLD_REASONS), ...Object.keys(CHANGE_REASONS)]);

/** Reads `?node=NAME` and `?reason=REASON`; each may be left out. A node has to match both. */
export function parsePlanQuery(query: Readonly<Record<string, unknown>>): PlanQuery {
  const problems: string[] = [];
  for (const name of Object.keys(query)) {
    if (!PARAMETERS.includes(name)) problems.push(`${quoted(name)}: expected no other parameter than ${PARAMETERS.join(' and ')}`);
    else if (typeof query[name] !== 'string' || query[name] === '') problems.push(`${name}: expected one value`);
  }
  const { node, reason } = query;
  if (typeof reason === 'string' && reason !== '' && !REASONS.has(reason)) {
    problems.push(`reason: expected one of ${[...REASONS].join(', ')}, got ${quoted(reason)}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  if (node === undefined && reason === undefined) return { ok: true, wanted: undefined };
  return { ok: true, wanted: (view) => (node === undefined || view.node === node) && (reason === undefined || view.reason === reason) };
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, LONGEST_QUOTE));
