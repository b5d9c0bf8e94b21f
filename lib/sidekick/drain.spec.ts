import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { until } from '../../test/harness/wait.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { SIDEKICK_WAIT_CLOCK } from './sidekick.tokens.js';

@Controller()
class WebController {
  @Get()
  index(): string {
    return 'served';
  }
}

describe('drain of entries that no `service` registers', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  async function application(options: SidekickModuleOptions): Promise<INestApplication> {
    @Module({ imports: [bench.appModule({ drain: 30, ...options })], controllers: [WebController] })
    class WebModule {}
    const compiled = await Test.createTestingModule({ imports: [WebModule] })
      .overrideProvider(SIDEKICK_WAIT_CLOCK)
      .useValue(bench.clock)
      .compile();
    return compiled.createNestApplication({ logger: false, return503OnClosing: true } as never);
  }

  it.each<[string, SidekickModuleOptions, (sidekick: Sidekick) => Promise<unknown>]>([
    [
      'an instance of announce()',
      {},
      (sidekick) => sidekick.announce({ name: 'web', address: '127.0.0.1', port: 80 }),
    ],
    ['a key', { key: 'servers/web' }, () => Promise.resolve()],
  ])('serves requests after the deregistration of %s', async (_, options, register) => {
    const app = await application(options);
    await app.listen(0, '127.0.0.1');
    await register(app.get(Sidekick));
    const url = await app.getUrl();
    const closing = app.close();
    await until('the drain', () => bench.clock.pending > 0);
    expect(bench.registry.store.sessions).toBe(0);
    const response = await fetch(url, { headers: { connection: 'close' } });
    expect(await response.text()).toBe('served');
    await bench.clock.advance(30_000);
    await closing;
  });

  it('is left out where the application does not listen', async () => {
    const app = await application({ key: 'servers/web' });
    await app.init();
    await app.close();
    expect(bench.lines.filter((line) => line.includes('still serving'))).toEqual([]);
  });
});
