import { serve } from '../../common/serve.js';
import { GatewayModule } from './gateway.module.js';

await serve(GatewayModule);
