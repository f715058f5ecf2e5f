import { connect } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';

/** The answer of a server. */
export interface Answer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';

/**
 * A connection for one request at a time, with almost nothing between the caller and the socket: thousands of them must not use more
 * resources than the server that they measure.
 */
export class PlainClient {
  readonly #socket: TLSSocket;
  readonly #head: string;
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;
  #received = '';

  private constructor(socket: TLSSocket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
      this.#take();
    });
    const lost = (): void => {
      this.#waiting?.reject(new Error('the connection was lost'));
      this.#waiting = undefined;
    };
    socket.on('error', lost).on('close', lost);
  }

  /** @param headers of every request @throws Error if it cannot connect */
  static open(port: number, trust: SecureContext, headers: Readonly<Record<string, string>>): Promise<PlainClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', secureContext: trust });
      const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      const failed = (): void => {
        socket.destroy();
        reject(new Error(`no connection to port ${String(port)}`));
      };
      socket.once('error', failed).once('close', failed);
      socket.once('secureConnect', () => {
        socket.off('error', failed).off('close', failed);
        resolve(new PlainClient(socket, lines.join('')));
      });
    });
  }

  /** @throws Error if the connection is lost before the answer */
  ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = ''): Promise<Answer> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const length = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${String(body.length)}\r\n`;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection is closed'));
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(`${method} ${path} HTTP/1.1\r\n${this.#head}${lines.join('')}${length}\r\n${body}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): void {
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    const from = end + HEAD_END.length;
    if (this.#received.length < from + length) return;
    const body = this.#received.slice(from, from + length);
    this.#received = this.#received.slice(from + length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), etag: /^etag: (.*)$/im.exec(head)?.[1], body });
  }
}
