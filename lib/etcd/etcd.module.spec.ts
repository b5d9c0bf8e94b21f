import 'reflect-metadata';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EtcdClient } from '../etcd-client/etcd-client.js';
import { type EtcdModuleOptions, type EtcdOptionsFactory } from './etcd-module-options.js';
import { EtcdModule } from './etcd.module.js';

async function boot(options: unknown) {
  return await Test.createTestingModule({
    imports: [EtcdModule.forRoot(options as EtcdModuleOptions)],
  }).compile();
}

const endpoints = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];

describe('EtcdModule', () => {
  it('provides the client to modules that do not import it', async () => {
    @Injectable()
    class Users {
      constructor(readonly etcd: EtcdClient) {}
    }
    @Module({ providers: [Users] })
    class Feature {}
    const app = await Test.createTestingModule({
      imports: [EtcdModule.forRoot({ endpoints }), Feature],
    }).compile();
    expect(app.get(Users, { strict: false }).etcd.endpoints.toSorted()).toEqual(endpoints);
    await app.close();
  });

  it('closes the client when the application closes', async () => {
    const app = await (await boot({ endpoints })).init();
    const client = app.get(EtcdClient);
    await app.close();
    await expect(client.keys.get('/foo')).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
  });

  it('takes its options from a factory with dependencies', async () => {
    @Module({ providers: [{ provide: 'WHERE', useValue: endpoints }], exports: ['WHERE'] })
    class Where {}
    const app = await Test.createTestingModule({
      imports: [
        EtcdModule.forRootAsync({
          imports: [Where],
          inject: ['WHERE'],
          useFactory: async (where: string[]) => ({ endpoints: where }),
        }),
      ],
    }).compile();
    expect(app.get(EtcdClient).endpoints).toHaveLength(2);
    await app.close();
  });

  it('takes its options from a class', async () => {
    @Injectable()
    class Options implements EtcdOptionsFactory {
      createEtcdOptions(): EtcdModuleOptions {
        return { endpoints: 'http://127.0.0.1:1,http://127.0.0.1:2' };
      }
    }
    const app = await Test.createTestingModule({
      imports: [EtcdModule.forRootAsync({ useClass: Options })],
    }).compile();
    expect(app.get(EtcdClient).endpoints).toHaveLength(2);
    await app.close();
  });

  it('is not global with `isGlobal: false`', async () => {
    @Injectable()
    class Users {
      constructor(@Inject(EtcdClient) readonly etcd: EtcdClient) {}
    }
    @Module({ providers: [Users] })
    class Feature {}
    const module = Test.createTestingModule({
      imports: [EtcdModule.forRoot({ endpoints, isGlobal: false }), Feature],
    });
    await expect(module.compile()).rejects.toThrow(/resolve dependencies of/);
  });

  it.each([
    [{}, /endpoint/],
    [{ endpoints: [] }, /endpoint/],
    [{ endpoints: '' }, /endpoint/],
    [{ endpoints: ['ftp://127.0.0.1:21'] }, /ftp:\/\/127\.0\.0\.1:21/],
    [{ endpoints: ['http://'] }, /http:\/\//],
    [{ endpoints: ['http://127.0.0.1:99999'] }, /99999/],
    [{ endpoints, headerTimeoutPerRequest: 0 }, /headerTimeoutPerRequest/],
    [{ endpoints, selectionMode: 'leader' }, /selectionMode/],
    [{ endpoints, username: 'root' }, /password/],
    [{ endpoints, timeout: 5 }, /timeout/],
    [{ endpoints, srv: 'example.com' }, /`srv` to be left out when `endpoints` is set/],
    [{ srv: 'not a host' }, /`domain` to be a hostname/],
    [undefined, /`options`/],
    [null, /`options`/],
  ])('fails the boot for %j', async (options, message) => {
    await expect(boot(options)).rejects.toThrow(message);
  });

  it('does not print a password', async () => {
    const error: unknown = await boot({ endpoints: ['ftp://root:hunter2@127.0.0.1'] }).catch(
      (e: unknown) => e,
    );
    expect(String(error)).not.toContain('hunter2');
    expect(error).toBeInstanceOf(Error);
  });
});
