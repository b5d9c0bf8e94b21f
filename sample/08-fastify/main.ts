import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Endpoint, PilotedModule, Service, SidekickModule } from 'nestjs-sidekick';
import { serve } from '../common/serve.js';

@Controller()
class AppController {
  @Get()
  index(@Service('web') { address, port }: Endpoint) {
    return { next: `${address}:${port}` };
  }
}

@Module({
  imports: [SidekickModule.forRoot({ service: { name: 'web' }, drain: 1 }), PilotedModule.forRoot()],
  controllers: [AppController],
})
class AppModule {}

await serve(AppModule, {
  // Fastify answers 503 to requests that arrive while it closes, also during `drain`, unless told otherwise.
  adapter: new FastifyAdapter({ return503OnClosing: false }),
});
