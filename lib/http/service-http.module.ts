import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { serviceHttpProvider } from './service-http.provider.js';
import { ConfigurableModuleClass, type OPTIONS_TYPE } from './service-http.module-definition.js';
import { ServiceHttp } from './service-http.js';

/**
 * Provides an injectable {@link ServiceHttp}. Needs PilotedModule, which finds the services. The module is global unless
 * `isGlobal` is false.
 */
@Module({ providers: [serviceHttpProvider], exports: [ServiceHttp] })
export class ServiceHttpModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  /** Invalid options fail the boot. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  constructor(private readonly http: ServiceHttp) {
    super();
  }

  /** Ends idle connections. */
  onApplicationShutdown(): void {
    this.http.close();
  }
}
