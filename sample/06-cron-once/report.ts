import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { LeaderOnly, type RunContext } from 'nestjs-sidekick';

@Injectable()
export class Report {
  /** Runs in every second, in one of the instances. */
  @Cron('* * * * * *')
  @LeaderOnly('report')
  run({ term }: RunContext): void {
    console.log(`report of ${new Date().toISOString().slice(11, 19)} (term ${term})`);
  }
}
