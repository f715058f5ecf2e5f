import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { ApiContext } from './step.ts';

/** A series at one moment. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule as Prometheus knows it. */
export interface PrometheusRule {
  readonly name: string;
  readonly health: string;
  /** Of alerts: `inactive`, `pending` or `firing`. */
  readonly state?: string;
  readonly lastError?: string;
}

/** A target as Prometheus knows it. */
export interface PrometheusTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  readonly health: string;
  readonly lastError: string;
}

/** The HTTP API of the Prometheus that the sample manifest deploys, through the Kubernetes API. */
export class PrometheusApi {
  readonly #context: ApiContext;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  /** @param expression PromQL that gives an instant vector */
  async query(expression: string): Promise<PrometheusSample[]> {
    const { result } = await this.#get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The one value of an expression; undefined if there is none. */
  async value(expression: string): Promise<number | undefined> {
    return (await this.query(expression))[0]?.value;
  }

  async rules(): Promise<PrometheusRule[]> {
    return (await this.#get<{ groups: { rules: PrometheusRule[] }[] }>('rules')).groups.flatMap(({ rules }) => rules);
  }

  async targets(): Promise<PrometheusTarget[]> {
    return (await this.#get<{ activeTargets: PrometheusTarget[] }>('targets?state=active')).activeTargets;
  }

  async #get<T>(path: string): Promise<T> {
    const { api, kubectl } = this.#context;
    const [pod] = await kubectl.list(
      'pods',
      '--namespace',
      DEFAULT_NAMESPACE,
      '--selector',
      'app=prometheus',
      '--field-selector',
      'status.phase=Running',
    );
    if (pod === undefined) throw new Error('no pod of Prometheus runs');
    const { data } = await api.get<{ data: T }>(
      `/api/v1/namespaces/${DEFAULT_NAMESPACE}/pods/${pod.metadata.name}:9090/proxy/api/v1/${path}`,
    );
    return data;
  }
}
