import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The labels of a metric: for each either all its values, or a description if the values are not known in advance. Every combination of
 * known values starts at 0, so that rates and alerts work from the start.
 */
export type MetricLabels<L extends string> = Readonly<Record<L, readonly string[] | string>>;

/** The definition of a metric, for Prometheus and for docs/metrics.md. */
export interface MetricDefinition<L extends string = string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** With the prefix `brupop_` and a unit, except for the established names of Brupop 1.x. */
  readonly name: string;
  readonly help: string;
  readonly labels?: MetricLabels<L>;
}

/** Definition of a counter. */
export interface CounterDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'counter';
}

/** Definition of a gauge. */
export interface GaugeDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'gauge';
  /** Whether the gauge has no value until it is set. */
  readonly optional?: boolean;
}

/** Definition of a histogram. */
export interface HistogramDefinition<L extends string = never> extends MetricDefinition<L> {
  readonly type: 'histogram';
  /** Upper bounds in the unit of the metric, ascending. */
  readonly buckets: readonly number[];
}

/** The metrics of one process. */
export interface Metrics {
  readonly registry: Registry;
  readonly contentType: string;
  /** All metrics in the Prometheus text format. */
  render(): Promise<string>;
  counter<L extends string = never>(definition: CounterDefinition<L>): Counter<L>;
  gauge<L extends string = never>(definition: GaugeDefinition<L>): Gauge<L>;
  histogram<L extends string = never>(definition: HistogramDefinition<L>): Histogram<L>;
}

/** The name is that of OpenTelemetry, for queries that join on it. */
export const TARGET_INFO: GaugeDefinition<'service_name'> = {
  type: 'gauge',
  name: 'target_info',
  help: 'Target metadata',
  labels: { service_name: '`controller` or `apiserver`' },
};

/** What is running. */
export const BUILD_INFO: GaugeDefinition<'component' | 'version' | 'runtime'> = {
  type: 'gauge',
  name: 'brupop_build_info',
  help: 'Always 1; the labels describe what is running',
  labels: { component: '`controller` or `apiserver`', version: 'its version', runtime: 'version of Node.js' },
};

/** The metrics of every process, in addition to those of {@link collectProcessMetrics}. */
export const COMMON_METRICS: readonly MetricDefinition[] = [TARGET_INFO, BUILD_INFO];

/** A registry with {@link COMMON_METRICS}. */
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

/** Adds the metrics of a Node.js process: CPU time, memory, file descriptors, the event loop, garbage collection. */
export function collectProcessMetrics({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry });
}

/** Every combination of label values; none if the values of one label are not known; the empty combination without labels. */
export function knownLabels({ labels = {} }: MetricDefinition): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [label]: value })));
  }
  return combinations;
}
