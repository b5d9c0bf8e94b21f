import { serve } from '../serve.js';
import { GatewayModule } from './gateway.module.js';

const app = await serve(GatewayModule, process.env.PORT ?? '3000');
if (app) process.send?.((await app.getUrl()).replace('127.0.0.1', 'localhost'));
