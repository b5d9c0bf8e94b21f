import { Controller, Get } from '@nestjs/common';
import { DiscoveryService, type Endpoint } from 'nestjs-sidekick';
import { Appservers } from './appservers.js';

@Controller()
export class GatewayController {
  constructor(
    private readonly appservers: Appservers,
    private readonly discovery: DiscoveryService,
  ) {}

  /** What the next appserver answers. */
  @Get()
  async whoServes(): Promise<unknown> {
    return await this.appservers.get('/');
  }

  /** Every service that is followed, with the instances known now. */
  @Get('services')
  services(): Record<string, readonly Endpoint[]> {
    return Object.fromEntries(this.discovery.names().map((name) => [name, this.discovery.endpoints(name)]));
  }
}
