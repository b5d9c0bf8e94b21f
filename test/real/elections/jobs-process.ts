// A separate process with one job for the leader and one under a lock. It reports each run to its parent.
import './skewed-clock.js';
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { LeaderOnly, Locked, type RunContext, SidekickModule } from '../../../lib/index.js';
import { monotonic } from '../../harness/wait.js';

/** A run of a job. */
export interface Ran {
  readonly job: 'leader' | 'locked';
  /** The tick by the wall clock of the process: the same number in every process. */
  readonly tick: number;
  readonly term: string;
  readonly pid: number;
  /** By the clock of the machine. */
  readonly at: number;
}

function report(job: Ran['job'], periodMs: number, term: string): void {
  const tick = Math.round(Date.now() / periodMs);
  process.send?.({ job, tick, term, pid: process.pid, at: monotonic() } satisfies Ran);
}

class Jobs {
  @Cron('* * * * * *')
  @LeaderOnly('jobs')
  leader({ term }: RunContext): void {
    report('leader', 1_000, term);
  }

  // Clocks 0.5 s apart: 0.5 s + jitter < 1 s < 2 s − 0.5 s − latency.
  @Cron('*/2 * * * * *')
  @Locked('jobs', { lockAtMostFor: 60, lockAtLeastFor: 1 })
  async locked({ term }: RunContext): Promise<void> {
    await Promise.resolve();
    report('locked', 2_000, term);
  }
}

@Module({
  imports: [ScheduleModule.forRoot(), SidekickModule.forRoot({ registry: process.argv[2] ?? '', ttl: 2 })],
  providers: [Jobs],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
process.send?.('booted');
process.once('message', () => {
  void app.close().then(() => {
    process.disconnect();
  });
});
