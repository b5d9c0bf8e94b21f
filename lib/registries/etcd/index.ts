export { DEFAULT_PREFIX, type EtcdRegistryOptions } from './options.js';
export { etcd } from './source.js';
export { etcdFromUrl } from './url.js';
