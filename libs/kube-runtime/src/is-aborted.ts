/** Reads the property again: after an `await` it may have changed, which TypeScript's control flow analysis does not assume. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
