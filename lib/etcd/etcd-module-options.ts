import { type EtcdOptions } from '../etcd-client/options.js';

/** Options of `EtcdModule`: those of the client, with `srv` as an alternative to `endpoints`. */
export interface EtcdModuleOptions extends Omit<EtcdOptions, 'endpoints'> {
  /** `http://…` or `https://…` URLs, or `host:port`. A string may contain several, separated by commas. */
  readonly endpoints?: string | readonly string[];
  /**
   * A domain in place of `endpoints`: its SRV records `_etcd-client-ssl._tcp` and `_etcd-client._tcp` name them. Looked up
   * once, at boot.
   */
  readonly srv?: string;
}

/** Creates the options, for `forRootAsync({ useClass })` and `useExisting`. */
export interface EtcdOptionsFactory {
  /** Called once at boot. */
  createEtcdOptions(): EtcdModuleOptions | Promise<EtcdModuleOptions>;
}
