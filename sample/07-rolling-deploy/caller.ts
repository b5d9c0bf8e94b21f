import {
  Controller,
  Get,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { PilotedModule } from 'nestjs-sidekick';
import { ServiceHttp, ServiceHttpModule } from 'nestjs-sidekick/http';
import { serve } from '../common/serve.js';

/** Calls the shop without a pause, and counts the answers. */
@Injectable()
class Caller implements OnApplicationBootstrap, OnModuleDestroy {
  readonly answers: Record<string, number> = {};
  failed = 0;
  private stopped = false;

  constructor(private readonly http: ServiceHttp) {}

  onApplicationBootstrap(): void {
    void this.call();
  }

  onModuleDestroy(): void {
    this.stopped = true;
  }

  private async call(): Promise<void> {
    while (!this.stopped) {
      try {
        const response = await this.http.fetch('http://shop/');
        const { version } = (await response.json()) as { version: string };
        this.answers[version] = (this.answers[version] ?? 0) + 1;
      } catch (error) {
        this.failed += 1;
        console.error(error instanceof Error ? error.message : error);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

@Controller()
class CallerController {
  constructor(private readonly caller: Caller) {}

  @Get()
  index() {
    return { answers: this.caller.answers, failed: this.caller.failed };
  }
}

@Module({
  imports: [PilotedModule.forRoot({ services: ['shop'] }), ServiceHttpModule.forRoot()],
  controllers: [CallerController],
  providers: [Caller],
})
class CallerModule {}

await serve(CallerModule);
