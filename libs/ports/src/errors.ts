/** Whether trying the same again may help. */
export type Retry = 'transient' | 'terminal';

/** The base of every error that this project throws: broken things only, never expected outcomes. */
export class BrupopError extends Error {
  /** Stable name of the fault, such as `HTTP_TIMEOUT`; decisions look at this, never at the message. */
  readonly code: string;
  readonly retry: Retry;

  constructor(code: string, message: string, options: { readonly retry: Retry; readonly cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retry = options.retry;
  }
}

/** One line that tells an error and what caused it, without a stack. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  // A chain of causes may be circular; nobody reads beyond a few links.
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    if (!(current instanceof Error)) {
      parts.push(typeof current === 'string' ? current : Object.prototype.toString.call(current));
      break;
    }
    const text = current.message === '' ? current.name : current.message;
    // Many a message tells its cause already.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current.cause;
  }
  return parts.join(': ');
}
