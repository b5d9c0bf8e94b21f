import { type DynamicModule } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchEvents } from '../containerpilot/watch-events.js';
import { ConfigError } from '../containerpilot/config.error.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedModule } from './piloted.module.js';
import { type PilotedModuleOptions } from './piloted.options.js';
import { PILOTED_SOURCE } from './piloted.tokens.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { UnknownServiceError } from './unknown-service.error.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { Announcer, eventually } from '../../test/harness/in-memory/announcer.js';

describe('PilotedModule with a containerpilot.json', () => {
  let folder: string;
  let path: string;
  let source: MemorySource;
  let web: Announcer;
  let app: TestingModule | undefined;
  let lines: string[];
  const { CONTAINERPILOT } = process.env;

  const logger = {
    log: () => undefined,
    warn: (line: string) => lines.push(line),
    error: (line: string) => lines.push(line),
  };

  const watches = (...list: object[]): Promise<void> =>
    writeFile(path, JSON.stringify({ consul: 'consul.internal:8500', watches: list }));

  const module = (options: PilotedModuleOptions = {}): DynamicModule =>
    PilotedModule.forRoot({ registry: source, logger, ...options });

  async function start(options: PilotedModuleOptions = {}): Promise<DiscoveryService> {
    app = await Test.createTestingModule({ imports: [module(options)] }).compile();
    await app.init();
    return app.get(DiscoveryService);
  }

  beforeEach(async () => {
    lines = [];
    folder = await mkdtemp(join(tmpdir(), 'sidekick-config-'));
    path = join(folder, 'containerpilot.json5');
    source = memory();
    web = await Announcer.on(source);
    await web.announce({ id: 'a', tags: ['blue'] }, 'b');
    delete process.env.CONTAINERPILOT;
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await web.end();
    await rm(folder, { recursive: true });
    if (CONTAINERPILOT === undefined) delete process.env.CONTAINERPILOT;
    else process.env.CONTAINERPILOT = CONTAINERPILOT;
  });

  it('lists its watches, with their tags, and no other service', async () => {
    await watches({ name: 'web', interval: 3, tag: 'blue' }, { name: 'api', interval: 5 });
    const service = await start({ config: path });
    expect(service.names()).toEqual(['web', 'api']);
    expect(service.endpoints('web').map(({ id }) => id)).toEqual(['a']);
    expect(() => service.pick('other')).toThrow('Unknown service "other". Known services: web, api.');
  });

  it('reads the file of CONTAINERPILOT, for an empty path and without the option', async () => {
    await watches({ name: 'web', interval: 3 });
    process.env.CONTAINERPILOT = path;
    for (const options of [{ config: '' }, {}]) {
      const service = await start(options);
      expect(service.names()).toEqual(['web']);
      await app?.close();
    }
  });

  it('fails the boot when neither names a file', async () => {
    process.env.CONTAINERPILOT = '';
    const compiling = Test.createTestingModule({ imports: [module({ config: '' })] }).compile();
    await expect(compiling).rejects.toThrow(/undefined configfile/);
    await expect(compiling).rejects.toThrow(ConfigError);
  });

  it('uses the registry of the file unless the option names one', async () => {
    await watches({ name: 'web', interval: 3 });
    const compiled = await Test.createTestingModule({
      imports: [PilotedModule.forRoot({ logger, config: path })],
    }).compile();
    expect(compiled.get<RegistrySource>(PILOTED_SOURCE).url).toContain('consul.internal:8500');
  });

  it('reads the file again on SIGHUP: watches are added, removed and changed', async () => {
    await watches({ name: 'web', interval: 3 }, { name: 'old', interval: 3 });
    const service = await start({ config: path });
    const handle = service.of('web');
    const old = service.of('old');
    expect(handle.endpoints).toHaveLength(2);
    await watches({ name: 'web', interval: 3, tag: 'blue' }, { name: 'new', interval: 3 });
    process.emit('SIGHUP');
    await eventually(() => handle.endpoints.length === 1);
    expect(service.of('web')).toBe(handle);
    expect(service.names()).toEqual(['web', 'new']);
    expect(() => service.pick('old')).toThrow(UnknownServiceError);
    expect(() => old.pick()).toThrow(UnknownServiceError);
    await watches({ name: 'web', interval: 3 }, { name: 'old', interval: 3 });
    process.emit('SIGHUP');
    await eventually(() => handle.endpoints.length === 2);
    expect(service.of('old')).toBe(old);
  });

  it('reports a broken file and keeps its configuration, then reads the repaired file', async () => {
    await watches({ name: 'web', interval: 3 });
    const service = await start({ config: path });
    await writeFile(path, '{ consul: "c:8500", watches: [');
    process.emit('SIGHUP');
    await eventually(() => lines.length > 0);
    expect(lines[0]).toMatch(
      /^Cannot reload the configuration, which stays as it was: .*containerpilot\.json5:1:/,
    );
    expect(service.pick('web').id).toMatch(/^[abc]$/);
    await watches({ name: 'web', interval: 3 }, { name: 'api', interval: 3 });
    process.emit('SIGHUP');
    await eventually(() => service.names().length === 2);
  });

  it('gives the events of its watches', async () => {
    await watches({ name: 'web', interval: 3 });
    const service = await start({ config: path });
    const changes: ServiceChange[] = [];
    service.changes.subscribe((change) => changes.push(change));
    await web.withdraw('b');
    await eventually(() => changes.length === 1);
    await web.announce({ id: 'a', tags: ['green'] });
    await eventually(() => changes.length === 2);
    await web.withdraw('a');
    await eventually(() => changes.length === 3);
    expect(changes.map(watchEvents)).toEqual([['changed', 'healthy'], [], ['changed', 'unhealthy']]);
  });

  it('makes registry URLs from the registry of a file', () => {
    const tls = { verify: true };
    const consul = { kind: 'consul', host: 'c', port: 8500, secure: false, tls } as const;
    expect(registryUrlOf(consul)).toBe('consul://c:8500');
    expect(registryUrlOf({ ...consul, token: 'a b&c' })).toBe('consul://c:8500?token=a+b%26c');
    expect(
      registryUrlOf({
        ...consul,
        host: '::1',
        secure: true,
        tls: { verify: false, caFile: '/ca', serverName: 'x' },
      }),
    ).toBe('consuls://[::1]:8500?ca=%2Fca&serverName=x&verify=false');
    expect(
      registryUrlOf({
        kind: 'etcd',
        endpoints: ['http://a:2379', 'http://b:2379'],
        prefix: '/containerpilot',
      }),
    ).toBe('etcd://a:2379,b:2379/containerpilot');
  });
});
