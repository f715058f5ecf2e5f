import { CHANGE_REASONS, HOLD_REASONS } from '@brupop/state-machine';
import type { Wanted } from './plan-view.ts';

/** Which nodes a request for the plan selects (undefined: all), or the problems with it. */
export type PlanQuery =
  { readonly ok: true; readonly wanted: Wanted | undefined } | { readonly ok: false; readonly problems: readonly string[] };

const PARAMETERS = ['node', 'reason'];
const LONGEST_QUOTE = 100;
// A hold and a change may have the same reason.
const REASONS: ReadonlySet<string> = new Set([...Object.keys(HOLD_REASONS), ...Object.keys(CHANGE_REASONS)]);

/** Parses `?node=NAME` and `?reason=REASON`. Both are optional; a node must match all that are given. */
export function parsePlanQuery(query: Readonly<Record<string, unknown>>): PlanQuery {
  const problems: string[] = [];
  for (const name of Object.keys(query)) {
    if (!PARAMETERS.includes(name)) problems.push(`${quoted(name)}: unknown parameter; expected ${PARAMETERS.join(' or ')}`);
    else if (typeof query[name] !== 'string' || query[name] === '') problems.push(`${name}: expected exactly one value`);
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
