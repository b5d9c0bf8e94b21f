import { Controller, Get } from '@nestjs/common';
import { DiscoveryService, type Endpoint } from 'nestjs-sidekick';
import { Appservers } from './appservers.js';

@Controller()
export class GatewayController {
  constructor(
    private readonly appservers: Appservers,
    private readonly discovery: DiscoveryService,
  ) {}

  /** Returns the answer of the next appserver. */
  @Get()
  async index(): Promise<unknown> {
    return await this.appservers.get('/');
  }

  /** Returns every watched service with its current instances. */
  @Get('services')
  services(): Record<string, readonly Endpoint[]> {
    return Object.fromEntries(this.discovery.names().map((name) => [name, this.discovery.endpoints(name)]));
  }
}
