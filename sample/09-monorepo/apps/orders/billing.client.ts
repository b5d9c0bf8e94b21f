import { Injectable } from '@nestjs/common';
import { ServiceHttp } from 'nestjs-sidekick/http';
import { type Invoice } from '../../libs/contracts/invoice.js';
import { SERVICES } from '../../libs/contracts/services.js';

/** Calls billing by its name. */
@Injectable()
export class BillingClient {
  constructor(private readonly http: ServiceHttp) {}

  async invoice(order: string): Promise<Invoice> {
    const response = await this.http.fetch(
      `http://${SERVICES.billing}/invoices/${encodeURIComponent(order)}`,
    );
    return (await response.json()) as Invoice;
  }
}
