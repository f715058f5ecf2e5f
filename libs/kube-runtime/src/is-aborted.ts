/** Asks anew: after an `await` the answer may have changed, which TypeScript does not see when it reads the property. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
