import type * as Api from '@opentelemetry/api';
import { peerFailure } from '../../common/optional-peer.js';
import { type Logger } from '../../common/logger.js';
import { Exposition } from '../exposition.js';
import { seriesKey } from '../merge-samples.js';
import { type MeterProviderLike } from '../metrics.options.js';
import {
  COUNTERS,
  type CounterName,
  GAUGES,
  type GaugeName,
  HISTOGRAMS,
  type HistogramName,
  type Labels,
  type Sample,
} from '../metric-definitions.js';
import { attributesOf, instrumentName } from './semantic-conventions.js';

const METER = 'nestjs-sidekick';

const expositions = new WeakMap<MeterProviderLike, Exposition>();

/**
 * Returns the exposition of a meter provider, the same for all applications of this process: the SDK keeps one of several
 * observations with equal attributes.
 *
 * @returns undefined, with a warning, when the provider records nothing
 * @throws MissingPeerError when `@opentelemetry/api` is not installed
 */
export async function openTelemetryExposition(
  given: MeterProviderLike | true,
  logger: Logger,
): Promise<Exposition | undefined> {
  const { metrics, createNoopMeter } = await loadApi();
  const provider = given === true ? metrics.getMeterProvider() : given;
  const known = expositions.get(provider);
  if (known) return known;
  const meter = (provider as Api.MeterProvider).getMeter(METER);
  if (meter.constructor === createNoopMeter().constructor) {
    logger.warn(
      'The meter provider of OpenTelemetry records nothing, so there are no metrics. ' +
        'Start the SDK before the application is created, or pass SidekickMetricsModule its `meterProvider`.',
    );
    return undefined;
  }
  const exposition = new Instruments(meter).exposition;
  expositions.set(provider, exposition);
  return exposition;
}

async function loadApi(): Promise<typeof Api> {
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    throw peerFailure(error, '@opentelemetry/api', '`meterProvider` of SidekickMetricsModule');
  }
}

/** The instruments of one meter. */
class Instruments {
  readonly exposition = new Exposition({
    add: (name, labels, value = 1) => {
      this.counters.get(name)?.add(value, attributesOf(name, labels));
    },
    observe: (name, labels, seconds, attributes) => {
      // From the limited label: a target for each service that there ever was would be a series for each.
      const target = attributes && { 'grpc.target': `sidekick:///${labels.service_name ?? ''}` };
      this.histograms.get(name)?.record(seconds, { ...attributesOf(name, labels), ...target, ...attributes });
    },
  });
  private readonly gauges = new Map<GaugeName, Api.ObservableGauge>();
  private readonly counters = new Map<CounterName, Api.Counter>();
  private readonly histograms = new Map<HistogramName, Api.Histogram>();
  /** Every series that was ever observed: the SDK exports the last value of a series for ever. */
  private readonly observed = new Map<GaugeName, Map<string, Labels>>();

  constructor(meter: Api.Meter) {
    for (const [name, definition] of entries(GAUGES)) {
      const { help: description } = definition;
      const unit = 'unit' in definition ? definition.unit : '1';
      this.gauges.set(name, meter.createObservableGauge(instrumentName(name), { description, unit }));
    }
    for (const [name, { help: description }] of entries(COUNTERS))
      this.counters.set(name, meter.createCounter(instrumentName(name), { description, unit: '1' }));
    for (const [name, { help: description, buckets }] of entries(HISTOGRAMS)) {
      const advice = { explicitBucketBoundaries: [...buckets] };
      this.histograms.set(
        name,
        meter.createHistogram(instrumentName(name), { description, unit: 's', advice }),
      );
    }
    meter.addBatchObservableCallback(
      (result) => {
        const samples = this.exposition.read();
        for (const [name, gauge] of this.gauges)
          for (const { labels, value } of this.complete(name, samples.get(name) ?? new Map<string, Sample>()))
            result.observe(gauge, value, attributesOf(name, labels));
      },
      [...this.gauges.values()],
    );
  }

  /** The present series, and 0 for those that are gone. */
  private *complete(
    name: GaugeName,
    present: ReadonlyMap<string, Sample>,
  ): Generator<Pick<Sample, 'labels' | 'value'>> {
    let observed = this.observed.get(name);
    if (!observed) this.observed.set(name, (observed = new Map<string, Labels>()));
    for (const sample of present.values()) {
      observed.set(seriesKey(sample.labels), sample.labels);
      yield sample;
    }
    for (const [key, labels] of observed) if (!present.has(key)) yield { labels, value: 0 };
  }
}

function entries<T extends object>(definitions: T): [keyof T & string, T[keyof T]][] {
  return Object.entries(definitions) as [keyof T & string, T[keyof T]][];
}
