import { Module } from '@nestjs/common';
import { PilotedModule } from 'nestjs-sidekick';
import { Appservers } from './appservers.js';
import { GatewayController } from './gateway.controller.js';
import { LastConnections } from './last-connections.js';

@Module({
  imports: [PilotedModule.forRoot()],
  controllers: [GatewayController],
  providers: [Appservers, LastConnections],
})
export class GatewayModule {}
