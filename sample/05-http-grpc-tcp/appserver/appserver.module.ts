import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { SidekickModule } from 'nestjs-sidekick';
import { AppserverController } from './appserver.controller.js';
import { INSTANCE } from './instance.js';
import { PORTS } from './ports.js';
import { Registration } from './registration.js';
import { Report } from './report.js';

@Module({
  imports: [
    ScheduleModule.forRoot(),
    SidekickModule.forRoot({
      // Address and port are those to which the HTTP server is bound.
      service: { name: 'appserver', id: INSTANCE, ports: PORTS },
      // A killed instance leaves the lists after 3 s.
      ttl: 3,
      // An instance that stops cleanly leaves the lists first, then serves late requests for another second.
      drain: 1,
    }),
  ],
  controllers: [AppserverController],
  providers: [Registration, Report],
})
export class AppserverModule {}
