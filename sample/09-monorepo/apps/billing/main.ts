import { serve } from '../../../common/serve.js';
import { BillingModule } from './billing.module.js';

await serve(BillingModule, { port: '0' });
