import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { SidekickModule } from 'nestjs-sidekick';
import { Report } from './report.js';

@Module({
  imports: [
    ScheduleModule.forRoot(),
    // After a crash of the leader another instance leads within the TTL and a second.
    SidekickModule.forRoot({ service: { name: 'worker' }, ttl: 3 }),
  ],
  providers: [Report],
})
export class WorkerModule {}
