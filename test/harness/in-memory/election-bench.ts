import { type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Logger } from '../../../lib/common/logger.js';
import { memory, type MemorySource } from '../../../lib/registries/memory/memory.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { type SidekickModuleOptions } from '../../../lib/sidekick/sidekick.options.js';
import { SIDEKICK_CLOCK } from '../../../lib/sidekick/sidekick.tokens.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';

/** Applications on one registry in memory and on one virtual clock. */
export class ElectionBench {
  readonly registry: MemorySource = memory();
  readonly clock = new VirtualClock();
  readonly lines: string[] = [];
  private readonly open = new Set<TestingModule>();

  private readonly logger: Logger = {
    log: (message) => void this.lines.push(`log ${message}`),
    warn: (message) => void this.lines.push(`warn ${message}`),
    error: (message) => void this.lines.push(`error ${message}`),
  };

  get warnings(): readonly string[] {
    return this.lines.filter((line) => line.startsWith('warn '));
  }

  async compile(
    providers: readonly unknown[],
    options: SidekickModuleOptions = {},
    imports: readonly unknown[] = [],
  ): Promise<TestingModule> {
    const { registry, logger } = this;
    return await Test.createTestingModule({
      imports: [SidekickModule.forRoot({ registry, logger, ...options }), ...(imports as Type[])],
      providers: providers as Type[],
    })
      .overrideProvider(SIDEKICK_CLOCK)
      .useValue(this.clock)
      .compile();
  }

  async boot(...given: Parameters<ElectionBench['compile']>): Promise<TestingModule> {
    const app = await this.compile(...given);
    this.open.add(app);
    return await this.settled(app.init());
  }

  async close(app: TestingModule): Promise<void> {
    this.open.delete(app);
    await this.settled(app.close());
  }

  /** Waits for the promise while the clock runs. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const done = (): void => {
      state.settled = true;
    };
    promise.then(done, done);
    for (let n = 0; n < 1_000 && !state.settled; n += 1) await this.clock.advance(50);
    return await promise;
  }

  /** Closes all applications, and checks that nothing is left. */
  async end(): Promise<void> {
    for (const app of this.open) await this.close(app);
    // A release outlives its process by the TTL, and a lock by its `lockAtLeastFor`.
    await this.clock.advance(60_000);
    expect(this.clock.pending).toBe(0);
    expect(this.registry.store.sessions).toBe(0);
  }
}
