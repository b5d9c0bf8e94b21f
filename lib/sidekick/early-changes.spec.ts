import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { deferred } from '../common/async/deferred.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { SIDEKICK_WAIT_CLOCK } from './sidekick.tokens.js';

/** Changes the entries in a hook, which runs before the module registers anything. */
@Injectable()
class Changes implements OnModuleInit {
  constructor(private readonly sidekick: Sidekick) {}

  async onModuleInit(): Promise<void> {
    await this.sidekick.value('early');
    await this.sidekick.ttl(60);
    this.sidekick.updateInterval(5);
  }
}

/** Registers the key of the options in a hook. */
@Injectable()
class Keeps implements OnModuleInit {
  constructor(private readonly sidekick: Sidekick) {}

  async onModuleInit(): Promise<void> {
    await this.sidekick.keep('k');
  }
}

describe('A change of an entry of the options that is not registered yet', () => {
  const bench = new Bench();

  afterEach(() => bench.close());

  async function application(options: SidekickModuleOptions, ...providers: Type[]) {
    const compiled = await Test.createTestingModule({ imports: [bench.appModule(options)], providers })
      .overrideProvider(SIDEKICK_WAIT_CLOCK)
      .useValue(bench.clock)
      .compile();
    return bench.closing(compiled.createNestApplication());
  }

  const value = (key: string): string | undefined =>
    (bench.registry.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;

  it.each([['a constant'], [() => 'computed']])(
    'is what the key begins with, in place of %s',
    async (given) => {
      const app = await application({ key: 'k', value: given, ttl: 10 }, Changes);
      await app.init();
      expect(value('k')).toBe('early');
      const [beat] = app.get(Sidekick).beats;
      expect(beat?.expiresIn).toBeGreaterThan(30);
    },
  );

  it('is written when the first value is still computed', async () => {
    const computing = deferred<(text: string) => void>();
    const slow = (): Promise<string> => new Promise((resolve) => computing.resolve(resolve));
    const app = await application({ key: 'k', value: slow });
    const booted = app.init();
    const finish = await computing.promise;
    await app.get(Sidekick).value('newer');
    finish('older');
    await booted;
    expect(value('k')).toBe('newer');
  });

  it('is announced with the service, which later changes add to', async () => {
    const app = await application({ service: { name: 'web', tags: ['a'], meta: { a: '1' } } });
    await app.init();
    const sidekick = app.get(Sidekick);
    await sidekick.update({ meta: { version: '2' } });
    await sidekick.update({ weight: 7 });
    await app.listen(0, '127.0.0.1');
    expect(bench.instances()).toMatchObject([{ tags: ['a'], meta: { version: '2' }, weight: 7 }]);
    // A compiler without `exactOptionalPropertyTypes` accepts it.
    await sidekick.update({ tags: ['b'], weight: undefined } as never);
    expect(bench.instances()).toMatchObject([{ tags: ['b'], meta: { version: '2' }, weight: 7 }]);
  });

  it('is not a second registration of the key, which fails the boot and names both places', async () => {
    const app = await application({ key: 'k' }, Keeps);
    await expect(app.init()).rejects.toThrow(
      'The key "k" is registered by this process already, by the option `key`, @Heartbeat or Sidekick.keep(). Use each key once,',
    );
  });

  it('is refused where it is invalid', async () => {
    const app = await application({ service: { name: 'web' } });
    await expect(app.get(Sidekick).update({ weight: -1 })).rejects.toThrow(/`weight`.*got -1/);
  });
});
