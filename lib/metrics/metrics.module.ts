import { type DynamicModule, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Logger } from '../common/logger.js';
import { ModuleLogger } from '../nest/module-logger.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { registryPool } from '../registry/registry-pool.js';
import { Elections } from '../sidekick/elections/elections.service.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { ApplicationMetrics } from './application-metrics.js';
import { checkMetricsOptions } from './check-metrics-options.js';
import { MetricsLifecycle } from './metrics.lifecycle.js';
import { type SidekickMetricsModuleOptions } from './metrics.options.js';
import { clientOf, loadClient } from './prometheus/load-client.js';
import { PrometheusCollectors } from './prometheus/prometheus-collectors.js';

/**
 * Reports the application's registrations, services, calls, registries and elections to Prometheus, OpenTelemetry or both.
 * Adds no route: the register is the one that the application exposes already.
 */
@Module({})
export class SidekickMetricsModule {
  /**
   * Registers the module. Import it once, in the root module.
   *
   * @throws InvalidOptionError for an invalid option
   * @throws MissingPeerError from the boot, when neither Prometheus client is installed, or `@opentelemetry/api` is not
   * @throws MetricNameTakenError from the boot, when the register has another metric by a name of this library
   */
  static forRoot(options: SidekickMetricsModuleOptions = {}): DynamicModule {
    checkMetricsOptions(options);
    const { meterProvider, instanceLabel = false } = options;
    return {
      module: SidekickMetricsModule,
      providers: [
        {
          provide: MetricsLifecycle,
          inject: [
            ModulesContainer,
            { token: DiscoveryService, optional: true },
            { token: Sidekick, optional: true },
            { token: Elections, optional: true },
          ],
          useFactory: async (
            { applicationId }: ModulesContainer,
            discovery: DiscoveryService | undefined,
            sidekick: Sidekick | undefined,
            elections: Elections | undefined,
          ): Promise<MetricsLifecycle> => {
            const logger = new ModuleLogger('SidekickMetrics');
            const registries = () => registryPool.connections;
            const sources = { discovery, sidekick, elections, registries };
            return new MetricsLifecycle({
              metrics: new ApplicationMetrics({ applicationId, sources, logger, instanceLabel }),
              collectors: await prometheusCollectors(options, logger),
              meterProvider,
              logger,
            });
          },
        },
      ],
    };
  }
}

async function prometheusCollectors(
  { client: given, register, meterProvider }: SidekickMetricsModuleOptions,
  logger: Logger,
): Promise<PrometheusCollectors | undefined> {
  if (meterProvider !== undefined && !given && !register) return undefined;
  const client = given ? clientOf(given) : await loadClient({ logger, register });
  return PrometheusCollectors.of(client, register ?? client.register);
}
