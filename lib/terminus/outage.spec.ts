import { type TestingModule } from '@nestjs/testing';
import { moduleOnClock } from '../../test/harness/in-memory/module-on-clock.js';
import { silentLogger } from '../common/logger.js';
import { PilotedModule } from '../piloted/piloted.module.js';
import { memory } from '../registries/memory/memory.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { faulty, type FaultySource } from '../testing/faulty.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { SidekickHealthIndicator, SidekickHealthModule } from './index.js';

describe('The health of the heartbeat after an outage', () => {
  let clock: VirtualClock;
  let registry: FaultySource;
  let module: TestingModule;

  beforeEach(async () => {
    clock = new VirtualClock();
    registry = faulty(memory());
    module = await moduleOnClock(clock, [
      SidekickHealthModule,
      SidekickModule.forRoot({ registry, key: 'me', ttl: 10, logger: silentLogger }),
      // Its list is the first to reach the registry again.
      PilotedModule.forRoot({ registry, services: ['web'], logger: silentLogger }),
    ]);
  });
  afterEach(async () => {
    await clock.until(module.close());
  });

  /** Returns each state of the heartbeat within some seconds, in order. */
  async function statesWithin(seconds: number): Promise<string[]> {
    const states: string[] = [];
    for (let elapsed = 0; elapsed < seconds * 1_000; elapsed += 50) {
      const { status } = module.get(SidekickHealthIndicator).heartbeat('heartbeat').heartbeat;
      if (states.at(-1) !== status) states.push(status);
      await clock.advance(50);
    }
    return states;
  }

  it('is never down while the registration returns', async () => {
    await clock.advance(1_000);
    registry.fail('down');
    expect(await statesWithin(20)).toEqual(['up', 'degraded']);
    registry.heal();
    registry.slow(100); // a network
    expect(await statesWithin(20)).toEqual(['degraded', 'up']);
  });

  it('is down when the registry answers, and refuses the registration', async () => {
    await clock.advance(1_000);
    registry.fail('down');
    await clock.advance(20_000);
    registry.heal();
    registry.fail('refuse', 'renew');
    registry.fail('refuse', 'open');
    expect(await statesWithin(15)).toEqual(['degraded', 'down']);
  });
});
