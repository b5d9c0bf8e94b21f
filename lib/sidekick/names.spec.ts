import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';
import { silentLogger } from '../common/logger.js';
import { ODD_NAMES } from '../registry/contract/cases/names.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { SidekickModule } from './sidekick.module.js';
import { Sidekick } from './sidekick.service.js';

describe('names of keys and announced services', () => {
  let registry: MemorySource;
  let app: INestApplicationContext;

  beforeEach(async () => {
    registry = memory();
    @Module({ imports: [SidekickModule.forRoot({ registry, logger: silentLogger })] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  });
  afterEach(async () => {
    const before = Reflect.ownKeys(Object.prototype);
    await app.close();
    expect(registry.store.sessions).toBe(0);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  });

  it('are registered unchanged, each key with its own value and status', async () => {
    const sidekick = app.get(Sidekick);
    for (const [n, name] of ODD_NAMES.entries()) await sidekick.keep(name, `value ${n}`);
    for (const [n, key] of ODD_NAMES.entries())
      expect(registry.store.entry({ kind: 'key', key })?.record).toEqual({
        kind: 'key',
        key,
        value: `value ${n}`,
      });
    expect(sidekick.beats).toHaveLength(ODD_NAMES.length);
    expect(new Set(sidekick.beats.map(({ key }) => key)).size).toBe(ODD_NAMES.length);
    await sidekick.stop();
    for (const key of ODD_NAMES) expect(registry.store.entry({ kind: 'key', key })).toBeUndefined();
  });

  it.each(['', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(1_025), 'ü'.repeat(513), 5, null])(
    '%j is refused as a key, a service and an id',
    async (name) => {
      const sidekick = app.get(Sidekick);
      const refused = { address: '10.0.0.1', port: 80 };
      await expect(sidekick.keep(name as string)).rejects.toThrow(InvalidOptionError);
      await expect(sidekick.announce({ name: name as string, ...refused })).rejects.toThrow(
        InvalidOptionError,
      );
      if (name !== null)
        await expect(sidekick.announce({ name: 'web', id: name as string, ...refused })).rejects.toThrow(
          InvalidOptionError,
        );
      expect(sidekick.beats).toEqual([]);
    },
  );

  it('a value of 64 KiB is accepted, and a longer one is rejected', async () => {
    const sidekick = app.get(Sidekick);
    await sidekick.keep('k', 'x'.repeat(65_536));
    await expect(sidekick.keep('l', 'x'.repeat(65_537))).rejects.toThrow(/at most 65536 bytes/);
    await expect(sidekick.keep('m', '\ud800')).rejects.toThrow(InvalidOptionError);
    expect(sidekick.beats.map(({ key }) => key)).toEqual(['k']);
  });

  it.each([{ tags: ['\ud800'] }, { meta: { a: '\ud800' } }, { meta: { '\ud800': 'a' } }, { zone: '\ud800' }])(
    'half a character in %j is refused',
    async (more) => {
      const service = { name: 'web', address: '10.0.0.1', port: 80, ...more };
      await expect(app.get(Sidekick).announce(service)).rejects.toThrow(InvalidOptionError);
    },
  );
});
