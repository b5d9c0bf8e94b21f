/** The module `prom-client` or `@prometheus-io/client`. */
export interface PrometheusClient {
  readonly Counter: new (configuration: never) => unknown;
  readonly Gauge: new (configuration: never) => unknown;
  readonly Histogram: new (configuration: never) => unknown;
  readonly Registry: abstract new (...args: never[]) => unknown;
  /** The default register. */
  readonly register: PrometheusRegister;
}

/** A register of either client. */
export interface PrometheusRegister {
  /** The metric with this name; undefined when there is none. */
  getSingleMetric(name: string): unknown;
  /** Adds a metric. Throws when its name is taken. */
  registerMetric(metric: never): void;
}

/** The part of a client that the collectors use, which both packages have. */
export interface MetricClasses {
  readonly Counter: new (configuration: MetricConfiguration) => CounterMetric;
  readonly Gauge: new (
    configuration: MetricConfiguration & { readonly aggregator: string; collect(): void },
  ) => GaugeMetric;
  readonly Histogram: new (
    configuration: MetricConfiguration & { readonly buckets: readonly number[] },
  ) => HistogramMetric;
}

interface MetricConfiguration {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: readonly never[];
}

type LabelValues = Readonly<Record<string, string>>;

export interface CounterMetric {
  inc(labels: LabelValues, value: number): void;
}

export interface GaugeMetric {
  reset(): void;
  set(labels: LabelValues, value: number): void;
}

export interface HistogramMetric {
  observe(labels: LabelValues, seconds: number): void;
  remove(labels: LabelValues): void;
}
