import { NestFactory } from '@nestjs/core';
import { type Registry } from '../registry/registry.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { until } from '../../test/harness/wait.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';

describe('the warning of a loopback address', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  describe('with a loopback address', () => {
    const at = (url: string, advertised?: string): RegistrySource => ({
      ...bench.registry,
      identity: `${url} ${advertised}`,
      url,
      open: async (deps) =>
        Object.assign(Object.create(await bench.registry.open(deps)) as Registry, {
          ...(advertised !== undefined && { advertisedAddress: () => Promise.resolve(advertised) }),
        }),
    });

    it.each<[string, string | undefined, string]>([
      ['etcd://127.0.0.1:2379,10.0.0.1:2379/services', undefined, '10.0.0.1'],
      ['etcds://***@etcd.example/', undefined, 'etcd.example'],
      ['consul://127.0.0.1:8500', '10.0.0.7', '10.0.0.7'],
    ])('warns in a registry that others read: %s, advertised %s', async (url, advertised, host) => {
      const options = { service: { name: 'web' }, registry: at(url, advertised) };
      const app = bench.closing(await NestFactory.create(bench.appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await until('the warning', () => bench.warnings().length === 1);
      expect(bench.warnings()[0]).toContain('loopback address 127.0.0.1');
      expect(bench.warnings()[0]).toContain(`read the registry at ${host}.`);
    });

    it.each<[string, string | undefined]>([
      ['etcd://localhost:2379,[::1]:2379', undefined],
      ['file:/tmp/services', undefined],
      ['consul://127.0.0.1:8500', '127.0.0.1'],
    ])('does not warn in a registry of this machine: %s, advertised %s', async (url, advertised) => {
      const options = { service: { name: 'web', id: 'one' }, registry: at(url, advertised) };
      const app = bench.closing(await NestFactory.create(bench.appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await app.close();
      expect(bench.lines).toEqual([expect.stringContaining('log Registered'), 'log Deregistered "web/one".']);
    });
  });
});
