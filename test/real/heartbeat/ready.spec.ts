import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';

describe('service.ready on etcd', () => {
  let etcd: EtcdCluster;
  let app: INestApplication | undefined;

  beforeAll(async () => {
    etcd = await startEtcd({ size: 1 });
  });
  afterEach(() => app?.close());
  afterAll(() => etcd.stop());

  it('removes the instance from the lists of clients while it is not ready, and returns it', async () => {
    let isReady = false;
    const registry = `etcd://${etcd.hosts}`;
    const service = { name: 'web', ready: () => isReady };
    @Module({
      imports: [
        SidekickModule.forRoot({ registry, service, updateInterval: 1, logger: silentLogger }),
        PilotedModule.forRoot({ registry, services: ['web'], logger: silentLogger }),
      ],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const { endpoints } = app.get(DiscoveryService).of('web');
    expect(endpoints).toEqual([]);
    for (const next of [true, false, true]) {
      isReady = next;
      const count = next ? 1 : 0;
      await until(
        `${count} instances`,
        () => app!.get(DiscoveryService).of('web').endpoints.length === count,
      );
    }
  });
});
