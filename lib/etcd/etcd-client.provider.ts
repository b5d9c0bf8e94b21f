import { type FactoryProvider, Logger } from '@nestjs/common';
import { EtcdClient } from '../etcd-client/etcd-client.js';
import { type EtcdOptions } from '../etcd-client/options.js';
import { discoverSrv } from '../etcd-client/discover-srv.js';
import { expected } from '../common/expected.js';
import { type EtcdModuleOptions } from './etcd-module-options.js';
import { MODULE_OPTIONS_TOKEN } from './etcd.module-definition.js';

/**
 * Converts the module's options to the client's, with an SRV lookup if `srv` is set.
 *
 * @throws InvalidOptionError if both `endpoints` and `srv` are set
 * @throws EtcdDiscoveryError if the domain has no SRV records of etcd
 */
export async function clientOptions(options: EtcdModuleOptions): Promise<EtcdOptions> {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw expected('options', 'an object with `endpoints` or `srv`', options);
  const { srv, endpoints, ...rest } = options;
  if (srv === undefined) return { ...rest, endpoints: endpoints ?? [] };
  if (endpoints !== undefined) throw expected('srv', 'left out when `endpoints` is set', srv);
  return { ...rest, endpoints: await discoverSrv(srv) };
}

/** Creates the application's client at boot. */
export const etcdClientProvider: FactoryProvider<EtcdClient> = {
  provide: EtcdClient,
  inject: [MODULE_OPTIONS_TOKEN],
  useFactory: async (options: EtcdModuleOptions) =>
    await EtcdClient.create(await clientOptions(options), { logger: new Logger(EtcdClient.name) }),
};
