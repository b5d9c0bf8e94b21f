import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../common/logger.js';
import { type Instance } from '../registry/instance.js';
import { type InstanceRecord } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { SidekickModule } from './sidekick.module.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { freePorts } from '../../test/harness/ports.js';
import { until } from '../../test/harness/wait.js';

describe('SidekickModule with a ContainerPilot configuration', () => {
  let folder: string;
  let registry: MemorySource;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sidekick-config-'));
    registry = memory();
    server = createServer();
    // Outside of the range of outgoing connections: one of the tests closes the server and listens again.
    [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const instances = (service: string): Instance[] =>
    registry.store
      .list({ kind: 'service', service })
      .entries.map(({ record }) => (record as InstanceRecord).instance);

  async function boot(
    text: string,
    options: SidekickModuleOptions = {},
  ): Promise<{ close(): Promise<void> }> {
    const config = join(folder, 'containerpilot.json5');
    await writeFile(config, text);
    @Module({ imports: [SidekickModule.forRoot({ registry, config, logger: silentLogger, ...options })] })
    class AppModule {}
    return await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  }

  it('announces only the jobs with a port', async () => {
    const app = await boot(`{
      consul: 'localhost:8500',
      jobs: [
        { name: 'app', exec: '/bin/app', port: ${port}, tags: ['a'], interfaces: ['static:127.0.0.1'],
          health: { exec: '/bin/true', interval: 5, ttl: 7 } },
        { name: 'setup', exec: '/bin/setup' },
      ],
    }`);
    try {
      await until('the instance', () => instances('app').length === 1);
      const [instance] = instances('app');
      expect(instance).toMatchObject({ address: '127.0.0.1', port, tags: ['a'] });
      expect(instance?.id).toMatch(/^app-/);
      expect(instances('setup')).toEqual([]);
    } finally {
      await app.close();
    }
    expect(instances('app')).toEqual([]);
  });

  it('announces the services of ContainerPilot 2', async () => {
    const app = await boot(`{
      "consul": "localhost:8500",
      "services": [{ "name": "web", "port": ${port}, "health": "/bin/true", "poll": 3, "ttl": 10,
                     "interfaces": ["static:127.0.0.1"] }]
    }`);
    try {
      await until('the instance', () => instances('web').length === 1);
    } finally {
      await app.close();
    }
  });

  it('waits until the port of a job accepts connections', async () => {
    server.close();
    const app = await boot(`{ consul: 'localhost:8500', jobs: [{ name: 'app', exec: '/bin/app', port: ${port},
      interfaces: ['static:127.0.0.1'], health: { exec: '/bin/true', interval: 5, ttl: 7 } }] }`);
    try {
      expect(instances('app')).toEqual([]);
      server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      });
      await until('the instance', () => instances('app').length === 1);
    } finally {
      await app.close();
    }
  });

  it('fails the boot with the position of an error', async () => {
    await expect(boot(`{\n  consul: 'localhost:8500',\n  jobz: [],\n}`)).rejects.toMatchObject({
      code: expect.stringMatching(/CONFIG/) as string,
      message: expect.stringMatching(/containerpilot\.json5:3:3/) as string,
    });
    expect(registry.store.sessions).toBe(0);
  });

  it('fails the boot without a path and without CONTAINERPILOT', async () => {
    await expect(boot('{}', { config: '' })).rejects.toThrow('undefined configfile');
  });
});

describe('SidekickModule without a registry', () => {
  const env = { ...process.env };
  afterEach(() => {
    process.env = { ...env };
  });

  it('warns in one line in production, because only this machine sees the default registry', async () => {
    delete process.env.SIDEKICK_REGISTRY;
    process.env.NODE_ENV = 'production';
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    @Module({ imports: [SidekickModule.forRoot({ logger })] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.close();
    expect(warnings).toEqual([
      expect.stringMatching(/^No registry is set: using file:/),
      expect.stringMatching(/^SidekickModule has nothing to register/),
    ]);
  });
});

describe('a boot that fails', () => {
  it('fails with `isolate` when the registry cannot be opened', async () => {
    const registry = {
      identity: 'none',
      url: 'none:',
      open: () => Promise.reject(new Error('this registry has no driver')),
    };
    @Module({ imports: [SidekickModule.forRoot({ registry, key: 'k', logger: silentLogger })] })
    class AppModule {}
    const booting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(booting).rejects.toThrow('this registry has no driver');
  });

  it('names the bad registry of `isolate`', async () => {
    for (const [options, sentence] of [
      [{ isolate: true, registry: memory() }, /Expected `registry` to be a URL together with `isolate`/],
      [{ isolate: true, registry: 'memory:' }, /a URL of a registry outside this process/],
      [{ isolate: true, maxHang: 0 }, /`maxHang`.*from 1 to 2000000, got 0/],
    ] as const) {
      @Module({ imports: [SidekickModule.forRoot({ ...options, key: 'k', logger: silentLogger })] })
      class AppModule {}
      const booting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
      await expect(booting).rejects.toThrow(sentence);
    }
  });
});
