import { type Logger } from '../common/logger.js';
import { KnownSeries } from './known-series.js';
import { LabelLimits } from './label-limits.js';
import { mergeSamples, type MergedSamples } from './merge-samples.js';
import {
  type CounterName,
  type HistogramName,
  type Labels,
  type MetricSink,
  type Sample,
} from './metric-definitions.js';

/** One application, as an {@link Exposition} reads it. */
export interface ExposedApplication {
  readonly logger: Logger;
  /** Reads the gauges. */
  read(): Iterable<Sample>;
}

/**
 * The series of all living applications of this process that report to one target. Counters outlive the applications that
 * counted, as Prometheus expects.
 */
export class Exposition implements MetricSink {
  private readonly applications = new Set<ExposedApplication>();
  /** Applications whose state could not be read, which were logged. */
  private readonly failed = new WeakSet<ExposedApplication>();
  private readonly limits = new LabelLimits((label, limit) => {
    const [application] = this.applications;
    application?.logger.warn(
      `More than ${limit} values of the metric label "${label}": further ones are reported together as "_other".`,
    );
  });
  private readonly known = new KnownSeries(this);

  /** @param target receives counters and durations with limited labels */
  constructor(private readonly target: MetricSink) {}

  /** Adds an application. Returns a function that removes it. */
  attach(application: ExposedApplication): () => void {
    this.applications.add(application);
    return () => void this.applications.delete(application);
  }

  add(name: CounterName, labels: Labels, value = 1): void {
    this.target.add(name, this.limits.apply(labels), value);
  }

  observe(name: HistogramName, labels: Labels, seconds: number, attributes?: Labels): void {
    this.target.observe(name, this.limits.apply(labels), seconds, attributes);
  }

  /** The gauges of all applications. Never throws: an error would fail the whole scrape, other metrics included. */
  read(): MergedSamples {
    const samples = [...this.applications].flatMap((application) => this.samplesOf(application));
    const merged = mergeSamples(samples, (labels) => this.limits.apply(labels));
    for (const series of merged.values()) this.known.begin(series.values());
    return merged;
  }

  private samplesOf(application: ExposedApplication): readonly Sample[] {
    try {
      return [...application.read()].filter(({ value }) => Number.isFinite(value));
    } catch (error) {
      if (!this.failed.has(application)) {
        this.failed.add(application);
        application.logger.warn(
          `Cannot read the state for the metrics; its gauges are left out (logged once): ${String(error)}`,
        );
      }
      return [];
    }
  }
}
