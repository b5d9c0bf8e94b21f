import { Exposition } from '../exposition.js';
import { type MergedSamples, seriesKey } from '../merge-samples.js';
import {
  COUNTERS,
  type CounterName,
  type GaugeName,
  GAUGES,
  type HistogramName,
  HISTOGRAMS,
  type Labels,
} from '../metric-definitions.js';
import { MetricNameTakenError } from './metric-name-taken.error.js';
import {
  type CounterMetric,
  type GaugeMetric,
  type HistogramMetric,
  type MetricClasses,
  type PrometheusClient,
  type PrometheusRegister,
} from './prometheus-client.js';

type Metric = GaugeMetric | CounterMetric | HistogramMetric;

const collectors = new WeakMap<PrometheusRegister, PrometheusCollectors>();

/**
 * The collectors of one register, shared by all applications of this process: a register has each name once, and calls
 * only the `collect` of the metric that it has.
 */
export class PrometheusCollectors {
  readonly exposition = new Exposition({
    add: (name, labels, value = 1) => {
      this.counters.get(name)?.inc(labels, value);
    },
    observe: (name, labels, seconds) => {
      this.observe(name, labels, seconds);
    },
  });
  private readonly gauges = new Map<GaugeName, GaugeMetric>();
  private readonly counters = new Map<CounterName, CounterMetric>();
  private readonly histograms = new Map<HistogramName, HistogramMetric>();
  /** Series of single endpoints, which end with their endpoint. */
  private readonly endpointSeries = new Map<
    string,
    { readonly name: HistogramName; readonly labels: Labels }
  >();
  private samples: MergedSamples | undefined;

  private constructor({ Gauge, Counter, Histogram }: MetricClasses) {
    const common = (name: string, { help, labels }: { help: string; labels: readonly string[] }) =>
      ({ name, help, labelNames: labels, registers: [] }) as const;
    // Gauges first: their `collect` also begins the counters that a scrape should have.
    for (const [name, definition] of entries(GAUGES)) {
      const collect = (): void => {
        this.collect(name);
      };
      const aggregator = definition.aggregation;
      this.gauges.set(name, new Gauge({ ...common(name, definition), aggregator, collect }));
    }
    for (const [name, definition] of entries(COUNTERS))
      this.counters.set(name, new Counter(common(name, definition)));
    for (const [name, definition] of entries(HISTOGRAMS)) {
      const { buckets } = definition;
      this.histograms.set(name, new Histogram({ ...common(name, definition), buckets }));
    }
  }

  /**
   * Returns the collectors of a register. Registers them again where the register was cleared.
   *
   * @throws MetricNameTakenError when the register has another metric by one of their names
   */
  static of(client: PrometheusClient, register: PrometheusRegister): PrometheusCollectors {
    const shared = collectors.get(register) ?? new PrometheusCollectors(client as unknown as MetricClasses);
    const metrics = shared.metrics();
    for (const [name, metric] of metrics) {
      const present = register.getSingleMetric(name);
      if (present !== undefined && present !== metric) throw new MetricNameTakenError(name);
    }
    for (const [, metric] of metrics) register.registerMetric(metric as never);
    collectors.set(register, shared);
    return shared;
  }

  private metrics(): readonly (readonly [string, Metric])[] {
    return [...this.gauges, ...this.counters, ...this.histograms];
  }

  private observe(name: HistogramName, labels: Labels, seconds: number): void {
    this.histograms.get(name)?.observe(labels, seconds);
    if ('endpoint' in labels) this.endpointSeries.set(`${name} ${seriesKey(labels)}`, { name, labels });
  }

  private collect(name: GaugeName): void {
    const gauge = this.gauges.get(name);
    gauge?.reset();
    for (const { labels, value } of this.current().get(name)?.values() ?? []) gauge?.set(labels, value);
  }

  /** The state, read once for all gauges of one scrape, which the register collects in one turn. */
  private current(): MergedSamples {
    if (!this.samples) {
      this.samples = this.exposition.read();
      this.removeGoneEndpoints(this.samples);
      queueMicrotask(() => {
        this.samples = undefined;
      });
    }
    return this.samples;
  }

  private removeGoneEndpoints(samples: MergedSamples): void {
    if (this.endpointSeries.size === 0) return;
    const present = new Set(samples.get('sidekick_requests_active')?.keys());
    for (const [id, { name, labels }] of this.endpointSeries) {
      const { service_name = '', endpoint = '' } = labels;
      if (present.has(seriesKey({ service_name, endpoint }))) continue;
      this.histograms.get(name)?.remove(labels);
      this.endpointSeries.delete(id);
    }
  }
}

function entries<T extends object>(definitions: T): [keyof T & string, T[keyof T]][] {
  return Object.entries(definitions) as [keyof T & string, T[keyof T]][];
}
