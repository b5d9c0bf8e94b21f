import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as client from 'prom-client';
import { SidekickDashboardModule } from '../../../lib/dashboard/index.js';
import { DiscoveryService, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import { SidekickMetricsModule } from '../../../lib/metrics/index.js';
import { SidekickHealthIndicator, SidekickHealthModule } from '../../../lib/terminus/index.js';
import { freePorts } from '../../harness/ports.js';
import { until } from '../../harness/wait.js';
import { openStream } from '../dashboard/application.js';
import { CANARY, OutputRecord } from './output-record.js';
import { recording } from './support.js';

/** Registries that nothing answers for, so that their errors are seen too. */
const URLS = {
  etcd: (port: number) => `etcd://app:${encodeURIComponent(CANARY)}@127.0.0.1:${port}`,
  consul: (port: number) => `consul://127.0.0.1:${port}?token=${encodeURIComponent(CANARY)}`,
};

describe.each(Object.entries(URLS))(
  'What operators see of an application with a secret in its %s URL',
  (_name, urlOf) => {
    let app: INestApplication | undefined;

    afterEach(() => app?.close());

    it('has it neither in metrics, health, the page, dumps nor in the log', async () => {
      const [port = 0] = await freePorts(1);
      const registry = urlOf(port);
      const logger = recording();
      const register = new client.Registry();
      @Module({
        imports: [
          SidekickModule.forRoot({
            registry,
            service: { name: 'shop' },
            key: 'k',
            value: '',
            failFast: false,
            logger,
          }),
          PilotedModule.forRoot({ registry, services: ['web'], boot: 'empty', logger }),
          SidekickMetricsModule.forRoot({ client, register }),
          SidekickHealthModule,
          SidekickDashboardModule.forRoot(),
        ],
      })
      class AppModule {}
      const booted = await NestFactory.create(AppModule, { logger: false });
      app = booted;
      await booted.listen(0, '127.0.0.1');
      const discovery = booted.get(DiscoveryService);
      await until('an error of the registry', () => discovery.of('web').error !== undefined);
      const health = booted.get(SidekickHealthIndicator);
      const { read } = await openStream(`${await booted.getUrl()}/sidekick/events`);

      const output = new OutputRecord();
      output.text(await register.metrics());
      output.value([
        health.heartbeat('heartbeat'),
        health.services('services', ['web', 'other']),
        health.registry('registry'),
      ]);
      output.value(await read());
      output.value([discovery.dump(), booted.get(Sidekick).beats, discovery.of('web').error]);
      output.text(...logger.lines);
      expect(output.count).toBeGreaterThan(5);
      expect(output.leaks).toEqual([]);
    });
  },
);
