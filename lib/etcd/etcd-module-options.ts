import { type EtcdOptions } from '../etcd-client/options.js';

/** Options of {@link EtcdModule}: those of the client, with `srv` as another way to say where the cluster is. */
export interface EtcdModuleOptions extends Omit<EtcdOptions, 'endpoints'> {
  /** `http://…` or `https://…` URLs, or host:port; a text may hold several, separated by commas. */
  readonly endpoints?: string | readonly string[];
  /** A domain whose SRV records name the endpoints, instead of `endpoints`. Looked up once, at boot. */
  readonly srv?: string;
}

/** Makes the options, for `forRootAsync({ useClass })`. */
export interface EtcdOptionsFactory {
  createEtcdOptions(): EtcdModuleOptions | Promise<EtcdModuleOptions>;
}
