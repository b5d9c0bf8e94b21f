export { EtcdTransport, type EtcdDeps } from '../etcd/client.js';
export * from '../etcd/errors/index.js';
export { type EtcdOptions, type EtcdTlsOptions, type SelectionMode } from '../etcd/options.js';
export { discoverSrv } from '../etcd/srv.js';
export { type EtcdVersion } from '../etcd/version.js';
export { etcd, type EtcdRegistryOptions } from '../registry/etcd/index.js';
