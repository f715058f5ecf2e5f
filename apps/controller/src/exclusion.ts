/**
 * Lets one task run at a time, in the order of the calls. Plans and condition writes share one: a plan waits for one condition write at
 * most, and is never made from a shadow that is being written.
 */
export interface Exclusion {
  /** Runs a task once all earlier ones have ended, and resolves or rejects as the task does. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** How many tasks wait for the one that runs. */
  waiting(): number;
}

export function createExclusion(): Exclusion {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(task) {
      waiting++;
      const result = last.then(() => {
        waiting--;
        return task();
      });
      last = result.catch(() => undefined);
      return result;
    },
    waiting: () => waiting,
  };
}
