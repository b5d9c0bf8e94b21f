import { Module } from '@nestjs/common';
import { PilotedModule, SidekickModule } from 'nestjs-sidekick';
import { AppController } from './app.controller.js';

@Module({
  imports: [
    SidekickModule.forRoot({ service: { name: 'web' } }), // register this instance
    PilotedModule.forRoot(), // find the others
  ],
  controllers: [AppController],
})
export class AppModule {}
