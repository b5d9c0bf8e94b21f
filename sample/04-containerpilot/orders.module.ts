import { Controller, Get, Injectable, Module } from '@nestjs/common';
import {
  DiscoveryService,
  OnServiceChange,
  PilotedModule,
  SidekickModule,
  type ServiceChange,
} from 'nestjs-sidekick';
import { watchEvents } from 'nestjs-sidekick/containerpilot';

/** In place of the job `onchange-stock` and its program. */
@Injectable()
export class StockEvents {
  @OnServiceChange('stock')
  changed(change: ServiceChange): void {
    console.log(`watch.stock: ${watchEvents(change).join(', ')}`);
  }
}

@Controller()
export class OrdersController {
  constructor(private readonly discovery: DiscoveryService) {}

  @Get()
  index() {
    return { stock: this.discovery.endpoints('stock').map(({ address, port }) => `${address}:${port}`) };
  }
}

@Module({
  imports: [
    // '' is the file in the variable CONTAINERPILOT. Its jobs with a port are registered, its watches are watched.
    // `registry` takes precedence over the file's `consul`; the sample needs no Consul.
    SidekickModule.forRoot({ config: '', ...registry() }),
    PilotedModule.forRoot({ config: '', ...registry() }),
  ],
  controllers: [OrdersController],
  providers: [StockEvents],
})
export class OrdersModule {}

function registry() {
  const { SIDEKICK_REGISTRY } = process.env;
  return SIDEKICK_REGISTRY === undefined ? {} : { registry: SIDEKICK_REGISTRY };
}
