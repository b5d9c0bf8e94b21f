import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Server } from 'node:http';
import { SidekickModule, type SidekickModuleOptions } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';

describe('app.listen() with a service that etcd refuses', () => {
  let etcd: EtcdCluster;
  const apps: INestApplication[] = [];

  beforeAll(async () => {
    etcd = await startEtcd();
    await etcd.enableAuth('root');
    await etcd.addUser('reader', 'secret', '/services/', 'read');
    await etcd.addUser('writer', 'secret', '/services/', 'readwrite');
  });
  afterEach(async () => {
    for (const app of apps.splice(0).reverse()) await app.close();
  });
  afterAll(() => etcd.stop());

  async function application(user: string, options: SidekickModuleOptions): Promise<INestApplication> {
    const registry = `etcd://${user}:secret@${etcd.hosts}/services?timeout=20`;
    @Module({ imports: [SidekickModule.forRoot({ registry, logger: silentLogger, ...options })] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    apps.push(app);
    return app;
  }

  const listens = (app: INestApplication): boolean => (app.getHttpServer() as Server).listening;

  it('rejects where the user may not write', async () => {
    const app = await application('reader', { service: { name: 'web' } });
    await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('permission denied');
    expect(listens(app)).toBe(false);
  });

  it('rejects where the id is taken, and leaves the holder alone', async () => {
    const options = { service: { name: 'web', id: 'one' }, exclusive: true };
    const first = await application('writer', options);
    await first.listen(0, '127.0.0.1');
    const second = await application('writer', options);
    await expect(second.listen(0, '127.0.0.1')).rejects.toMatchObject({ code: 'SIDEKICK_ALREADY_HELD' });
    expect([listens(first), listens(second)]).toEqual([true, false]);
    expect(await etcd.keys('/services/web/')).toEqual(['/services/web/one']);
  });
});
