import { Controller, Get, Module, Param } from '@nestjs/common';
import { PilotedModule } from 'nestjs-sidekick';
import { ServiceHttpModule } from 'nestjs-sidekick/http';
import { registered } from '../../libs/contracts/registration.js';
import { SERVICES } from '../../libs/contracts/services.js';
import { BillingClient } from './billing.client.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly billing: BillingClient) {}

  @Get(':order')
  async find(@Param('order') order: string) {
    return { order, invoice: await this.billing.invoice(order) };
  }
}

@Module({
  imports: [
    registered('orders'),
    PilotedModule.forRoot({ services: [SERVICES.billing] }),
    ServiceHttpModule.forRoot(),
  ],
  controllers: [OrdersController],
  providers: [BillingClient],
})
export class OrdersModule {}
