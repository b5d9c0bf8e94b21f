// A separate process with one job for the leader and one under a lock. It reports each run to its parent.
import './skewed-clock.js';
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { LeaderOnly, Locked, type RunContext, SidekickModule } from '../../lib/index.js';
import { type Span } from '../chaos/validators/ticks.js';
import { type JobSettings } from './job-fleet.js';
import { monotonic } from './wait.js';

/** A run of a job. */
export interface Ran {
  readonly job: 'leader' | 'locked';
  /** The tick by the wall clock of the process: the same number in every process. */
  readonly tick: number;
  readonly term: string;
  /** By the clock of the machine. */
  readonly at: number;
}

/** A time in which the process stood still. */
export interface Stalled {
  readonly stalled: Span;
}

const { registry, ttl, period, hold } = JSON.parse(process.argv[2] ?? '') as JobSettings;

function report(job: Ran['job'], periodMs: number, term: string): void {
  const tick = Math.round(Date.now() / periodMs);
  process.send?.({ job, tick, term, at: monotonic() } satisfies Ran);
}

class Jobs {
  @Cron('* * * * * *')
  @LeaderOnly('jobs')
  leader({ term }: RunContext): void {
    report('leader', 1_000, term);
  }

  @Cron(`*/${period} * * * * *`)
  @Locked('jobs', { lockAtMostFor: 60, lockAtLeastFor: hold })
  async locked({ term }: RunContext): Promise<void> {
    await Promise.resolve();
    report('locked', period * 1_000, term);
  }
}

@Module({
  imports: [ScheduleModule.forRoot(), SidekickModule.forRoot({ registry, ttl })],
  providers: [Jobs],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
process.send?.('booted');

/** Milliseconds: below the 250 ms beyond which `cron` drops a tick that it has missed. */
const STALL_MS = 100;
const BEAT_MS = 100;
let beatAt = monotonic();
setInterval(() => {
  const now = monotonic();
  // A tick that came due meanwhile may be lost, which is no fault of the job.
  if (now - beatAt > BEAT_MS + STALL_MS) process.send?.({ stalled: [beatAt, now] } satisfies Stalled);
  beatAt = now;
}, BEAT_MS).unref();
process.once('message', () => {
  void app.close().then(() => {
    process.disconnect();
  });
});
