import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Logger, silentLogger } from '../../common/logger.js';
import { type Election } from '../../election/election.js';
import { memory, type MemorySource } from '../../registries/memory/memory.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { SidekickModule } from '../sidekick.module.js';
import { type SidekickModuleOptions } from '../sidekick.options.js';
import { Sidekick } from '../sidekick.service.js';
import { SIDEKICK_CLOCK } from '../sidekick.tokens.js';
import { getElectionToken } from './election-token.js';
import { Elections } from './elections.service.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { Locked } from './locked.decorator.js';
import { OnDeposed } from './on-deposed.decorator.js';
import { OnElected } from './on-elected.decorator.js';
import { type RunContext } from './run-context.js';

@Injectable()
class Jobs {
  readonly seen: string[] = [];

  @LeaderOnly('jobs')
  run({ term }: Partial<RunContext> = {}): string {
    return `ran in term ${term}`;
  }

  @OnElected('jobs')
  elected({ term }: Partial<RunContext> = {}): void {
    this.seen.push(`elected ${term}`);
  }

  @OnDeposed('jobs')
  deposed(): void {
    this.seen.push('deposed');
  }
}

describe('Elections in an application', () => {
  let registry: MemorySource;
  let clock: VirtualClock;
  const open: TestingModule[] = [];

  beforeEach(() => {
    registry = memory();
    clock = new VirtualClock();
  });
  afterEach(async () => {
    for (const app of open.splice(0)) {
      const closed = app.close();
      await clock.advance(20_000);
      await closed;
    }
    expect(clock.pending).toBe(0);
    expect(registry.store.sessions).toBe(0);
  });

  async function boot(providers: unknown[], options: SidekickModuleOptions = {}): Promise<TestingModule> {
    const app = await Test.createTestingModule({
      imports: [SidekickModule.forRoot({ registry, logger: silentLogger, ...options })],
      providers: providers as Type[],
    })
      .overrideProvider(SIDEKICK_CLOCK)
      .useValue(clock)
      .compile();
    open.push(app);
    await app.init();
    return app;
  }

  it('lead on one instance, and on the next one when it closes', async () => {
    const first = await boot([Jobs]);
    await clock.advance(5_000);
    const second = await boot([Jobs]);
    await clock.advance(5_000);
    expect(first.get(Jobs).run()).toMatch(/^ran in term \d+$/);
    expect(second.get(Jobs).run()).toBeUndefined();
    expect(first.get(Jobs).seen).toEqual([expect.stringMatching(/^elected \d+$/)]);
    const closed = open.shift()?.close();
    expect(first.get(Jobs).run()).toBeUndefined();
    await clock.advance(3_000);
    await closed;
    expect(first.get(Jobs).seen.at(-1)).toBe('deposed');
    expect(second.get(Jobs).run()).toMatch(/^ran in term \d+$/);
  });
});
void [Inject, Module, NestFactory, Sidekick, getElectionToken, Elections, Locked];
export type X = [Logger, Election];
