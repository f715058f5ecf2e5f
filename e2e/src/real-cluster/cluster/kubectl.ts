import { run } from './run.ts';

/** An object of any kind, as kubectl prints it. */
export interface KubeJson {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
}

const TIMEOUT_MS = 120_000;

/** kubectl with a kubeconfig. Each call gives what it printed; a failure is an Error with what it complained of. */
export class Kubectl {
  readonly kubeconfig: string;
  readonly #program: string;
  readonly #signal: AbortSignal;

  constructor(program: string, kubeconfig: string, signal: AbortSignal) {
    this.#program = program;
    this.kubeconfig = kubeconfig;
    this.#signal = signal;
  }

  run(args: readonly string[], input?: string, timeoutMs: number = TIMEOUT_MS): Promise<string> {
    return run(this.#program, ['--kubeconfig', this.kubeconfig, ...args], {
      signal: this.#signal,
      timeoutMs,
      ...(input === undefined ? {} : { input }),
    });
  }

  /** Applies objects. @param options more of kubectl's, such as `--dry-run=server` */
  apply(objects: readonly object[], ...options: string[]): Promise<string> {
    return this.run(['apply', ...options, '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** The objects of a file of YAML documents. */
  async parse<T>(path: string): Promise<T[]> {
    const text = await this.run(['create', '--dry-run=client', '--output', 'json', '-f', path]);
    // One JSON document after the other, or one list.
    const documents = JSON.parse(`[${text.replaceAll(/^}\n\{/gm, '},\n{')}]`) as (T & { items?: T[] })[];
    return documents.flatMap((document) => document.items ?? [document]);
  }

  /** The objects that `kubectl get` finds. */
  async list<T extends KubeJson>(...args: string[]): Promise<T[]> {
    return (JSON.parse(await this.run(['get', '--output', 'json', ...args])) as { items: T[] }).items;
  }

  async get<T extends KubeJson>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(['get', '--output', 'json', ...args])) as T;
  }
}
