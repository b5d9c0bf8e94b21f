import { Test } from '@nestjs/testing';
import { systemClock } from '../common/clock.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { until } from '../../test/harness/wait.js';

describe('close() during the boot', () => {
  const bench = new Bench();

  afterEach(() => bench.close());

  it('logs no retry without failFast, since nothing is retried', async () => {
    let opened: FaultyRegistry | undefined;
    const registry: RegistrySource = {
      ...bench.registry,
      identity: 'silent',
      open: async (deps) => {
        opened = new FaultyRegistry(await bench.registry.open(deps), systemClock);
        opened.fail('hang');
        return opened;
      },
    };
    const options = { registry, service: { name: 'web' }, failFast: false };
    const compiled = await Test.createTestingModule({ imports: [bench.appModule(options)] }).compile();
    const app = compiled.createNestApplication();
    const booting = app.init();
    await until('the session to be opened', () => opened?.count('open') === 1);
    await app.close();
    await booting;
    expect(bench.lines.join('\n')).not.toContain('Retrying.');
  });
});
