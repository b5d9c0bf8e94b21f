import { type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Logger } from '../common/logger.js';
import { type ApplicationMetrics } from './application-metrics.js';
import { type MeterProviderLike } from './metrics.options.js';
import { openTelemetryExposition } from './opentelemetry/opentelemetry-exposition.js';
import { type PrometheusCollectors } from './prometheus/prometheus-collectors.js';

/** Dependencies of {@link MetricsLifecycle}. */
export interface MetricsLifecycleDeps {
  readonly metrics: ApplicationMetrics;
  readonly collectors: PrometheusCollectors | undefined;
  readonly meterProvider: MeterProviderLike | true | undefined;
  readonly logger: Logger;
}

/** Begins and ends the metrics of one application. */
export class MetricsLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly deps: MetricsLifecycleDeps) {}

  onModuleInit(): void {
    const { metrics, collectors } = this.deps;
    if (collectors) metrics.reportTo(collectors.exposition);
  }

  /** Instruments that are made before the application has set its meter provider would stay silent. */
  async onApplicationBootstrap(): Promise<void> {
    const { metrics, meterProvider, logger } = this.deps;
    if (meterProvider === undefined) return;
    const exposition = await openTelemetryExposition(meterProvider, logger);
    if (exposition) metrics.reportTo(exposition);
  }

  onApplicationShutdown(): void {
    this.deps.metrics.end();
  }
}
