import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<L extends string> {
  /** With the prefix `brupop_` and a unit. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
  /** Label sets to show as 0 before anything has happened, so that rates and alerts work from the start. */
  readonly initial?: readonly Readonly<Record<L, string>>[];
}

/** The metrics of one process. */
export interface Metrics {
  readonly registry: Registry;
  readonly contentType: string;
  /** Everything in the Prometheus text format. */
  render(): Promise<string>;
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  gauge<L extends string = never>(options: MetricOptions<L>): Gauge<L>;
  /** @param options buckets in the metric's unit, ascending */
  histogram<L extends string = never>(options: MetricOptions<L> & { readonly buckets: readonly number[] }): Histogram<L>;
}

/** A registry that holds no more than `target_info`, which names the component as OpenTelemetry does. */
export function createMetrics(component: string): Metrics {
  const registry = new Registry();
  new Gauge({ name: 'target_info', help: 'Target metadata', labelNames: ['service_name'], registers: [registry] }).set(
    { service_name: component },
    1,
  );
  const base = <L extends string>({ name, help, labels = [] }: MetricOptions<L>) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    registry,
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter(options) {
      const counter = new Counter(base(options));
      for (const labels of options.initial ?? []) counter.inc(labels, 0);
      return counter;
    },
    gauge(options) {
      const gauge = new Gauge(base(options));
      for (const labels of options.initial ?? []) gauge.set(labels, 0);
      return gauge;
    },
    histogram(options) {
      const histogram = new Histogram({ ...base(options), buckets: [...options.buckets] });
      for (const labels of options.initial ?? []) histogram.zero(labels);
      return histogram;
    },
  };
}
