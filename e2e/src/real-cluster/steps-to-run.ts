import type { Step } from './step.ts';

/** The step that installs the operator on the nodes. */
const INSTALLS = 'rollout';

/**
 * The steps that the user asked for, in their order, and the one that installs the operator where any of them needs nodes: without it, it would
 * wait for an operator that never comes.
 * @param only names of steps; all if empty
 */
export function stepsToRun<S extends Pick<Step, 'name' | 'needs'>>(steps: readonly S[], only: readonly string[]): readonly S[] {
  if (only.length === 0) return steps;
  const installs = steps.some(({ name, needs }) => only.includes(name) && needs === 'cluster');
  return steps.filter(({ name }) => only.includes(name) || (installs && name === INSTALLS));
}
