import { Module } from '@nestjs/common';
import { SidekickModule } from 'nestjs-sidekick';
import { serve } from '../common/serve.js';

@Module({ imports: [SidekickModule.forRoot({ service: { name: 'stock' } })] })
class StockModule {}

await serve(StockModule, { port: '0' });
