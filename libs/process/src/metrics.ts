import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The labels of a metric: of each either all its values, or, where they are not known beforehand, a phrase that says what they are. Every
 * combination of known values is shown as 0 before anything has happened, so that rates and alerts work from the start.
 */
export type MetricLabels<L extends string> = Readonly<Record<L, readonly string[] | string>>;

/** What is told of a metric: to Prometheus, and in docs/metrics.md. */
export interface MetricDefinition<L extends string = string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** With the prefix `brupop_` and a unit, unless another name is known to users. */
  readonly name: string;
  readonly help: string;
  readonly labels?: MetricLabels<L>;
}

/** Of a number that only grows. */
export interface CounterDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'counter';
}

/** Of a number as it is now. */
export interface GaugeDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'gauge';
  /** Shown only while it is known: not initialised. */
  readonly optional?: boolean;
}

/** Of a distribution. */
export interface HistogramDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'histogram';
  /** Upper bounds in the metric's unit, ascending. */
  readonly buckets: readonly number[];
}

/** The metrics of one process. */
export interface Metrics {
  readonly registry: Registry;
  readonly contentType: string;
  /** Everything in the Prometheus text format. */
  render(): Promise<string>;
  counter<L extends string = never>(definition: CounterDefinition<L>): Counter<L>;
  gauge<L extends string = never>(definition: GaugeDefinition<L>): Gauge<L>;
  histogram<L extends string = never>(definition: HistogramDefinition<L>): Histogram<L>;
}

/** Named as OpenTelemetry does, for whoever joins on it. */
export const TARGET_INFO: GaugeDefinition<'service_name'> = {
  type: 'gauge',
  name: 'target_info',
  help: 'Target metadata',
  labels: { service_name: '`controller` or `apiserver`' },
};

/** What runs. */
export const BUILD_INFO: GaugeDefinition<'component' | 'version' | 'runtime'> = {
  type: 'gauge',
  name: 'brupop_build_info',
  help: 'Always 1; its labels tell what runs',
  labels: { component: '`controller` or `apiserver`', version: 'its version', runtime: 'version of Node.js' },
};

/** What every process shows, besides the metrics of {@link collectProcessMetrics}. */
export const COMMON_METRICS: readonly MetricDefinition[] = [TARGET_INFO, BUILD_INFO];

/** A registry that holds no more than {@link COMMON_METRICS}. */
export function createMetrics(component: string): Metrics {
  const registry = new Registry();
  const base = ({ name, help, labels = {} }: MetricDefinition) => ({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  const metrics: Metrics = {
    registry,
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter<L extends string>(definition: CounterDefinition<L>) {
      const counter: Counter = new Counter(base(definition));
      for (const labels of knownLabels(definition)) counter.inc(labels, 0);
      return counter;
    },
    gauge<L extends string>(definition: GaugeDefinition<L>) {
      const gauge: Gauge = new Gauge(base(definition));
      if (definition.optional === true) gauge.remove();
      else for (const labels of knownLabels(definition)) gauge.set(labels, 0);
      return gauge;
    },
    histogram<L extends string>(definition: HistogramDefinition<L>) {
      const histogram: Histogram = new Histogram({ ...base(definition), buckets: [...definition.buckets] });
      for (const labels of knownLabels(definition)) histogram.zero(labels);
      return histogram;
    },
  };
  metrics.gauge(TARGET_INFO).set({ service_name: component }, 1);
  // Set by the bundler.
  metrics.gauge(BUILD_INFO).set({ component, version: process.env['BRUPOP_VERSION'] ?? 'unknown', runtime: process.version }, 1);
  return metrics;
}

/** Adds what can be told of any process of Node.js: CPU time, memory, file descriptors, the event loop, garbage collection. */
export function collectProcessMetrics({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry });
}

/** Every combination of the labels' values; none if the values of one are not known. Without labels: the one empty combination. */
export function knownLabels({ labels = {} }: MetricDefinition): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [label]: value })));
  }
  return combinations;
}
