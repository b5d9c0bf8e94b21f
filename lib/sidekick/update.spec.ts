import { Test } from '@nestjs/testing';
import { InvalidOptionError } from '../common/errors/index.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { Sidekick } from './sidekick.service.js';

// Plain JavaScript and object spreads pass these in spite of the types.
const REFUSED: [unknown, string][] = [
  [{ id: 'other' }, 'Expected the options of update() to be among tags, meta, weight, got `id`.'],
  [{ name: 'other', tags: ['b'] }, 'among tags, meta, weight, got `name`.'],
  [{ port: 81 }, 'among tags, meta, weight, got `port`.'],
  [{ address: '10.0.0.2' }, 'among tags, meta, weight, got `address`.'],
  [{ wight: 2 }, 'got `wight`. Did you mean "weight"?'],
  [{ weight: -1 }, 'Expected `weight` to be an integer from 0 to 65535, got -1.'],
  [undefined, 'Expected the options of update() to be an object, got undefined.'],
];

describe('update()', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  async function application() {
    const service = { name: 'web', id: 'one', address: '10.0.0.1', tags: ['a'] };
    const compiled = await Test.createTestingModule({ imports: [bench.appModule({ service })] }).compile();
    return bench.closing(compiled.createNestApplication());
  }

  async function refused(updating: Promise<void>, sentence: string): Promise<void> {
    const error: unknown = await updating.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as Error).message).toContain(sentence);
  }

  it.each(REFUSED)('of the registered instance refuses %j', async (changes, sentence) => {
    const app = await application();
    await app.listen(0, '127.0.0.1');
    const sidekick = app.get(Sidekick);
    await refused(sidekick.update(changes as never), sentence);
    await sidekick.update({ tags: ['c'] });
    expect(bench.instances()).toMatchObject([{ id: 'one', address: '10.0.0.1', tags: ['c'] }]);
    expect(bench.warnings()).toEqual([]);
  });

  it('before the registration cannot rename the service', async () => {
    const app = await application();
    await app.init();
    await refused(app.get(Sidekick).update({ name: 'other' } as never), 'got `name`.');
    await app.listen(0, '127.0.0.1');
    expect(bench.instances()).toMatchObject([{ id: 'one', tags: ['a'] }]);
  });

  it('is refused where the module announces no service', async () => {
    const compiled = await Test.createTestingModule({ imports: [bench.appModule({ key: 'k' })] }).compile();
    const app = await bench.closing(compiled.createNestApplication()).init();
    const sidekick = app.get(Sidekick);
    const service = { name: 'web', id: 'two', address: '10.0.0.1', port: 80 };
    const announced = await sidekick.announce(service);
    await refused(
      sidekick.update({ tags: ['c'] }),
      'Expected the option `service` of SidekickModule, or a service in the file of `config`, before `update()`, got none.',
    );
    await announced.update({ tags: ['d'] });
    expect(bench.instances()).toMatchObject([{ tags: ['d'] }]);
    await sidekick.stop();
    await sidekick.update({ tags: ['e'] });
  });

  it.each(REFUSED)('of an announced instance refuses %j', async (changes, sentence) => {
    const app = await application();
    await app.init();
    const service = { name: 'web', id: 'two', address: '10.0.0.1', port: 80 };
    const announced = await app.get(Sidekick).announce(service);
    await refused(announced.update(changes as never), sentence);
    await announced.update({ tags: ['c'] });
    expect(bench.instances()).toMatchObject([{ id: 'two', port: 80, tags: ['c'] }]);
    expect(bench.warnings()).toEqual([]);
  });
});
