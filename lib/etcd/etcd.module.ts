import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { EtcdClient } from '../etcd-client/etcd-client.js';
import { expected } from '../common/expected.js';
import { etcdClientProvider } from './etcd-client.provider.js';
import { ConfigurableModuleClass, type OPTIONS_TYPE } from './etcd.module-definition.js';

/**
 * Provides an injectable {@link EtcdClient}: `EtcdModule.forRoot({ endpoints })`, or `forRootAsync` with `useFactory`,
 * `useClass` or `useExisting`. Invalid options fail the boot. The client connects at its first request, so the boot does
 * not need the cluster. The module is global unless `isGlobal` is false. It closes the client in `onApplicationShutdown`,
 * after the HTTP server has closed.
 */
@Module({ providers: [etcdClientProvider], exports: [EtcdClient] })
export class EtcdModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  /**
   * Creates the module. The options' values are checked at boot.
   *
   * @throws InvalidOptionError if `options` is not an object
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    if (typeof options !== 'object' || (options as unknown) === null)
      throw expected('options', 'an object with `endpoints` or `srv`', options);
    return super.forRoot(options);
  }

  constructor(private readonly client: EtcdClient) {
    super();
  }

  /** Closes the client: ends its requests and watches, and closes its sockets. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
