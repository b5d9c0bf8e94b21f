import { serve } from '../../../common/serve.js';
import { OrdersModule } from './orders.module.js';

await serve(OrdersModule);
