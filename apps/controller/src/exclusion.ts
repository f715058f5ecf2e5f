/** Runs a task once all earlier ones have ended, and resolves or rejects as the task does. */
export type Exclusively = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Lets one task run at a time, in the order of the calls. Plans and condition writes share one: a plan waits for one condition write at most, and is
 * never made from a shadow that is being written.
 */
export function createExclusion(): Exclusively {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
