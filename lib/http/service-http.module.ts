import {
  type DynamicModule,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import { ServiceHandles } from '../piloted/service-handles.js';
import { bootNotices } from './boot-notices.js';
import { serviceHttpProvider } from './service-http.provider.js';
import { ConfigurableModuleClass, type OPTIONS_TYPE } from './service-http.module-definition.js';
import { ServiceHttp } from './service-http.js';

/**
 * Provides an injectable {@link ServiceHttp}. Needs PilotedModule, which finds the services. The module is global unless
 * `isGlobal` is false.
 */
@Module({ providers: [serviceHttpProvider], exports: [ServiceHttp] })
export class ServiceHttpModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  /** Invalid options fail the boot. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  private hasBooted = false;

  constructor(
    private readonly http: ServiceHttp,
    @Optional() private readonly handles?: ServiceHandles,
  ) {
    super();
  }

  /** Reports what no request can reach, once: Nest runs the hooks twice when a microservice is initialised before it listens. */
  onApplicationBootstrap(): void {
    if (this.hasBooted) return;
    this.hasBooted = true;
    const logger = new Logger(ServiceHttp.name);
    for (const notice of bootNotices(this.handles?.names ?? [], process.env, process.execArgv))
      logger.warn(notice);
  }

  /** Ends idle connections. */
  onApplicationShutdown(): void {
    this.http.close();
  }
}
