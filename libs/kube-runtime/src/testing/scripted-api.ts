import { inProcessClient, jsonResponse, streamResponse } from '@brupop/ports';
import type { Clock, HttpHandler, HttpRequest, HttpResponse } from '@brupop/ports';
import { createKubeClient } from '../client.ts';
import type { KubeClient } from '../client.ts';

type Answer = (request: HttpRequest, signal: AbortSignal) => HttpResponse | Promise<HttpResponse>;

/** For tests: an API server that answers each request with the next answer of a script, and never after its end. */
export class ScriptedApi {
  readonly requests: HttpRequest[] = [];
  readonly #script: Answer[];

  constructor(...script: Answer[]) {
    this.#script = script;
  }

  readonly handle: HttpHandler = (request, signal) => {
    this.requests.push(request);
    const answer = this.#script.shift();
    return answer === undefined ? new Promise(() => undefined) : Promise.resolve(answer(request, signal));
  };

  /** Query parameters of each request so far. */
  get queries(): Record<string, string>[] {
    return this.requests.map(({ path }) => Object.fromEntries(new URL(path, 'http://localhost').searchParams));
  }

  client(clock: Clock): KubeClient {
    return createKubeClient({ http: inProcessClient(this.handle), clock });
  }
}

/** A `metav1.Status` as an answer. */
export function statusAnswer(code: number, reason: string, message: string = reason, headers: Record<string, string> = {}): Answer {
  return () => jsonResponse(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, headers);
}

/** A watch whose events come when the test says so. */
export class ScriptedWatch {
  readonly #waiting: string[] = [];
  #end: 'open' | 'ended' | 'broken' = 'open';
  #wake: () => void = () => undefined;

  send(type: string, object: unknown): void {
    this.#waiting.push(`${JSON.stringify({ type, object })}\n`);
    this.#wake();
  }

  end(how: 'ended' | 'broken' = 'ended'): void {
    this.#end = how;
    this.#wake();
  }

  readonly answer: Answer = () => streamResponse(200, this.#pieces());

  async *#pieces(): AsyncGenerator<string> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#end === 'ended') return;
      else if (this.#end === 'broken') throw new Error('the connection broke');
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
