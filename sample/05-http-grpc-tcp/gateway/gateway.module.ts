import { Module } from '@nestjs/common';
import { PilotedModule } from 'nestjs-sidekick';
import { SidekickDashboardModule } from 'nestjs-sidekick/dashboard';
import { ServiceHttpModule } from 'nestjs-sidekick/http';
import { AppserverClients } from './appserver.clients.js';
import { AppserverLog } from './appserver.log.js';
import { GatewayController } from './gateway.controller.js';
import { LocalGuard } from './local.guard.js';
import { LastConnections } from './last-connections.js';

@Module({
  imports: [
    PilotedModule.forRoot(),
    ServiceHttpModule.forRoot(),
    SidekickDashboardModule.forRoot({ title: 'gateway', guards: [LocalGuard] }),
    AppserverClients,
  ],
  controllers: [GatewayController],
  providers: [AppserverLog, LastConnections],
})
export class GatewayModule {}
