import { Controller, Get, Module } from '@nestjs/common';
import { Endpoint, PilotedModule, Service, SidekickModule } from 'nestjs-sidekick';
import { serve } from '../common/serve.js';
import { httpRegistry } from './http-registry.js';

const registry = httpRegistry(process.env.STORE ?? 'http://127.0.0.1:4000');

@Controller()
class AppController {
  @Get()
  index(@Service('web') { address, port }: Endpoint) {
    return { next: `${address}:${port}` };
  }
}

@Module({
  imports: [
    SidekickModule.forRoot({ registry, service: { name: 'web' } }),
    PilotedModule.forRoot({ registry }),
  ],
  controllers: [AppController],
})
class AppModule {}

await serve(AppModule);
