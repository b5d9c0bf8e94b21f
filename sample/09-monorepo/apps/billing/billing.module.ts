import { Controller, Get, Module, Param } from '@nestjs/common';
import { type Invoice } from '../../libs/contracts/invoice.js';
import { registered } from '../../libs/contracts/registration.js';

@Controller('invoices')
export class InvoicesController {
  @Get(':order')
  find(@Param('order') order: string): Invoice {
    return { order, total: 42, by: `billing ${process.pid}` };
  }
}

@Module({ imports: [registered('billing')], controllers: [InvoicesController] })
export class BillingModule {}
