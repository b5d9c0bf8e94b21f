export * from './cluster.error.js';
export * from './endpoint.error.js';
export * from './etcd-discovery.error.js';
export * from './etcd-response.error.js';
export * from './keys.error.js';
export * from './lease-not-found.error.js';
export * from './no-etcd-endpoints.error.js';
