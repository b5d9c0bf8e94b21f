import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { LeaderOnly, OnElected, type RunContext } from 'nestjs-sidekick';
import { INSTANCE } from './instance.js';

/** A job that one of the appservers runs, whichever number of them is started. */
@Injectable()
export class Report {
  @OnElected()
  elected({ term }: RunContext) {
    console.log(`${INSTANCE}: runs the report of all appservers from now on (term ${term})`);
  }

  @Interval(10_000)
  @LeaderOnly()
  run({ term }: RunContext) {
    console.log(`${INSTANCE}: report of all appservers (term ${term})`);
  }
}
