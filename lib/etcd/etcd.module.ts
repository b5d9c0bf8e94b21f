import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { EtcdClient } from '../etcd-client/etcd-client.js';
import { expected } from '../common/expected.js';
import { etcdClientProvider } from './etcd-client.provider.js';
import { ConfigurableModuleClass, type OPTIONS_TYPE } from './etcd.module-definition.js';

/**
 * Gives an application an injectable {@link EtcdClient}: `EtcdModule.forRoot({ endpoints })`, or `forRootAsync` with
 * `useFactory`, `useClass` or `useExisting`. Options that are wrong fail the boot; the cluster itself is first asked by
 * the first request. Global unless `isGlobal: false`. The client is closed in the shutdown hooks, after requests
 * have ended.
 */
@Module({ providers: [etcdClientProvider], exports: [EtcdClient] })
export class EtcdModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  /**
   * The module with these options.
   *
   * @throws InvalidOptionError when there are none; what is wrong with them is found at boot
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    if (typeof options !== 'object' || (options as unknown) === null)
      throw expected('options', 'an object with `endpoints` or `srv`', options);
    return super.forRoot(options);
  }

  constructor(private readonly client: EtcdClient) {
    super();
  }

  /** Ends every request, watch, socket and timer of the client. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
