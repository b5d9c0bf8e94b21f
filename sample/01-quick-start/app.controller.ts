import { Controller, Get } from '@nestjs/common';
import { Endpoint, Service, ServiceHandle } from 'nestjs-sidekick';

@Controller()
export class AppController {
  constructor(@Service('web') private readonly web: ServiceHandle) {}

  /** The instances in turn: the one of this request, and how many there are. */
  @Get()
  index(@Service('web') { address, port }: Endpoint) {
    return { next: `${address}:${port}`, known: this.web.endpoints.length };
  }
}
