import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EtcdClient, EtcdModule, KeysError } from '../../../lib/etcd/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';

let etcd: EtcdCluster;

beforeAll(async () => {
  etcd = await startEtcd();
});

afterAll(async () => {
  await etcd.stop();
});

describe('an application with the EtcdModule', () => {
  it('uses the client, and leaves nothing behind when it closes', async () => {
    @Injectable()
    class Flags {
      readonly seen: string[] = [];

      constructor(private readonly etcd: EtcdClient) {}

      async read(name: string): Promise<string> {
        try {
          return (await this.etcd.keys.get(`/flags/${name}`)).node.value ?? '';
        } catch (error) {
          if (KeysError.isKeyNotFound(error)) return 'unset';
          throw error;
        }
      }

      async follow(): Promise<void> {
        const watcher = this.etcd.keys.watcher('/flags', { recursive: true });
        for await (const { action, node } of watcher) this.seen.push(`${action} ${node.key}`);
      }
    }

    @Controller()
    class FlagsController {
      constructor(private readonly flags: Flags) {}

      @Get(':name')
      async get(@Param('name') name: string): Promise<string> {
        return await this.flags.read(name);
      }
    }

    @Module({
      imports: [EtcdModule.forRoot({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 })],
      controllers: [FlagsController],
      providers: [Flags],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const client = app.get(EtcdClient);
    const following = app.get(Flags).follow();
    expect(await (await fetch(`${url}/blue`)).text()).toBe('unset');
    await until('the watch', async () => (await etcd.members[0]!.watchers()) > 0);
    await client.keys.set('/flags/blue', 'on', { ttl: 600 });
    await client.keys.set('/flags/blue', 'off', { ttl: 600 });
    expect(await (await fetch(`${url}/blue`)).text()).toBe('off');
    await until('both events', () => app.get(Flags).seen.length === 2);
    await app.close();
    await expect(following).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
    expect(app.get(Flags).seen).toEqual(['create /flags/blue', 'set /flags/blue']);
    // The first set's lease was still to be ended, and is ended by the close.
    expect(await etcd.leases()).toHaveLength(1);
  });

  it('does not boot with a bad endpoint', async () => {
    @Module({ imports: [EtcdModule.forRoot({ endpoints: ['gopher://127.0.0.1:70'] })] })
    class AppModule {}
    await expect(NestFactory.create(AppModule, { logger: false, abortOnError: false })).rejects.toThrow(
      /gopher:\/\/127\.0\.0\.1:70/,
    );
  });

  it('boots while the cluster is away', async () => {
    @Module({ imports: [EtcdModule.forRoot({ endpoints: ['http://127.0.0.1:1'] })] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(app.get(EtcdClient).keys.get('/x')).rejects.toMatchObject({ code: 'SIDEKICK_ETCD_CLUSTER' });
    await app.close();
  });
});
