import { CLUSTER_PROGRAMS } from './cluster/binaries.ts';
import type { Program } from './cluster/binaries.ts';
import type { ClusterStep, Step } from './step.ts';

type Known = Pick<Step, 'name' | 'needs'> & Pick<ClusterStep, 'operator'>;

/**
 * The requested steps in their order, and those that prepare the cluster for them: the one that installs the operator, and the one that
 * removes it again.
 * @param only names of steps; all if empty
 */
export function stepsToRun<S extends Known>(steps: readonly S[], only: readonly string[]): readonly S[] {
  if (only.length === 0) return steps;
  const asked = steps.filter(({ name }) => only.includes(name));
  const installed = asked.some(({ needs, operator }) => needs === 'cluster' && operator !== 'absent');
  const removed = installed && asked.some(({ operator }) => operator === 'absent');
  return steps.filter(
    (step) => asked.includes(step) || (installed && step.operator === 'installs') || (removed && step.operator === 'removes'),
  );
}

/** The programs that have to be built for these steps. */
export function programsFor(steps: readonly Pick<Step, 'programs'>[]): readonly Program[] {
  return [...new Set([...CLUSTER_PROGRAMS, ...steps.flatMap(({ programs = [] }) => programs)])];
}
