export { EtcdTransport, type EtcdDeps } from '../etcd-client/transport.js';
export * from '../etcd-client/errors/index.js';
export { type EtcdOptions, type EtcdTlsOptions, type SelectionMode } from '../etcd-client/options.js';
export { discoverSrv } from '../etcd-client/discover-srv.js';
export { type EtcdVersion } from '../etcd-client/version.js';
export { etcd } from '../registries/etcd/etcd.js';
export { type EtcdRegistryOptions } from '../registries/etcd/options.js';
export { AuthApi } from '../etcd-client/auth.js';
export { AuthRoles, type Role } from '../etcd-client/auth-roles.js';
export { AuthUsers, type User } from '../etcd-client/auth-users.js';
export { EtcdClient } from '../etcd-client/etcd-client.js';
export { KeysApi } from '../etcd-client/keys/keys-api.js';
export {
  type BareKeysResponse,
  type KeysAction,
  type KeysResponse,
  type Node,
} from '../etcd-client/keys/node.js';
export {
  type CallOptions,
  type CreateInOrderOptions,
  type CreateOptions,
  type DeleteOptions,
  type GetOptions,
  type SetOptions,
  type UpdateOptions,
  type WatcherOptions,
} from '../etcd-client/keys/options.js';
export { Watcher } from '../etcd-client/keys/watcher.js';
export { type Member, MembersApi } from '../etcd-client/members.js';
export { type Permission, type PermissionType } from '../etcd-client/permission.js';
export { EtcdModule } from './etcd.module.js';
export { type EtcdModuleOptions, type EtcdOptionsFactory } from './etcd-module-options.js';
