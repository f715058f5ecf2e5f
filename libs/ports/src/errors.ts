/** Whether a retry may succeed. */
export type Retry = 'transient' | 'terminal';

/** The base class of every error of this project. Errors are faults; expected outcomes are results. */
export class BrupopError extends Error {
  /** Stable name of the fault, such as `HTTP_TIMEOUT`. Decisions depend on the code, never on the message. */
  readonly code: string;
  readonly retry: Retry;

  constructor(code: string, message: string, options: { readonly retry: Retry; readonly cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retry = options.retry;
  }
}

/** Describes an error and its causes in one line, without a stack. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  // A chain of causes may be circular; more than a few links do not help a reader.
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    if (!(current instanceof Error)) {
      parts.push(typeof current === 'string' ? current : Object.prototype.toString.call(current));
      break;
    }
    const text = current.message === '' ? current.name : current.message;
    // Many messages already contain their cause.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current.cause;
  }
  return parts.join(': ');
}
