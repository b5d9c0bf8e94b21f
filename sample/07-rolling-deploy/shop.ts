import { serve } from '../common/serve.js';
import { ShopModule } from './shop.module.js';

await serve(ShopModule, { port: '0' });
