import { Module } from '@nestjs/common';
import { SidekickModule } from 'nestjs-sidekick';
import { AppserverController } from './appserver.controller.js';
import { INSTANCE } from './instance.js';
import { Registration } from './registration.js';

@Module({
  imports: [
    SidekickModule.forRoot({
      // Address and port are those the server is bound to.
      service: { name: 'appserver', id: INSTANCE },
      // A copy that is killed is gone from the lists after 3 s.
      ttl: 3,
      // One that ends in good order first leaves the lists, and serves for another second those who have not seen it yet.
      drain: 1,
    }),
  ],
  controllers: [AppserverController],
  providers: [Registration],
})
export class AppserverModule {}
