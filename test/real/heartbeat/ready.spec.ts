import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PilotedModule } from '../../../lib/piloted/piloted.module.js';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { STOPPABLE_REGISTRIES, type StoppableRegistry } from '../../harness/stoppable-registry.js';
import { until } from '../../harness/wait.js';

const ISOLATED = fileURLToPath(new URL('isolated-ready.mjs', import.meta.url));

describe.each(STOPPABLE_REGISTRIES)('service.ready on %s', (_name, start) => {
  let world: StoppableRegistry;
  let app: INestApplication | undefined;

  beforeAll(async () => {
    world = await start();
  });
  afterEach(() => app?.close());
  afterAll(() => world.stop());

  /** Starts an application with discovery, and with this module. */
  async function boot(...modules: ReturnType<typeof SidekickModule.forRoot>[]): Promise<() => number> {
    @Module({
      imports: [
        ...modules,
        PilotedModule.forRoot({ registry: world.url, services: ['web'], logger: silentLogger }),
      ],
    })
    class AppModule {}
    const booted = await NestFactory.create(AppModule, { logger: false });
    app = booted;
    await booted.listen(0, '127.0.0.1');
    return () => booted.get(DiscoveryService).of('web').endpoints.length;
  }

  it('removes the instance from the lists of clients while it is not ready, and returns it', async () => {
    let isReady = false;
    const service = { name: 'web', ready: () => isReady };
    const registry = world.url;
    const count = await boot(
      SidekickModule.forRoot({ registry, service, updateInterval: 1, logger: silentLogger }),
    );
    expect(count()).toBe(0);
    for (const next of [true, false, true]) {
      isReady = next;
      await until(`ready: ${next}`, () => count() === Number(next));
    }
  });

  it('does so where the heartbeats run in a thread', async () => {
    const count = await boot();
    const child = fork(ISOLATED, { env: { ...process.env, SIDEKICK_REGISTRY: world.url } });
    try {
      await once(child, 'message', { signal: AbortSignal.timeout(150_000) });
      expect(count()).toBe(0);
      for (const next of [true, false, true]) {
        child.send(next);
        await until(`ready: ${next}`, () => count() === Number(next));
      }
      const ended = once(child, 'exit');
      child.send('end');
      expect(await ended).toEqual([0, null]);
      await until('the end of the instance', () => count() === 0);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
