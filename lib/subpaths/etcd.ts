export { EtcdTransport, type EtcdDeps } from '../etcd/client.js';
export * from '../etcd/errors/index.js';
export { type EtcdOptions, type EtcdTlsOptions, type SelectionMode } from '../etcd/options.js';
export { discoverSrv } from '../etcd/srv.js';
export { type EtcdVersion } from '../etcd/version.js';
export { etcd, type EtcdRegistryOptions } from '../registry/etcd/index.js';
export { AuthApi } from '../etcd/auth.js';
export { AuthRoles, type Role } from '../etcd/auth-roles.js';
export { AuthUsers, type User } from '../etcd/auth-users.js';
export { EtcdClient } from '../etcd/etcd-client.js';
export { KeysApi } from '../etcd/keys/keys-api.js';
export { type BareKeysResponse, type KeysAction, type KeysResponse, type Node } from '../etcd/keys/node.js';
export {
  type CallOptions,
  type CreateInOrderOptions,
  type CreateOptions,
  type DeleteOptions,
  type GetOptions,
  type SetOptions,
  type UpdateOptions,
  type WatcherOptions,
} from '../etcd/keys/options.js';
export { Watcher } from '../etcd/keys/watcher.js';
export { type Member, MembersApi } from '../etcd/members.js';
export { type Permission, type PermissionType } from '../etcd/permission.js';
export { EtcdModule } from '../integrations/etcd/etcd.module.js';
export { type EtcdModuleOptions, type EtcdOptionsFactory } from '../integrations/etcd/etcd-module-options.js';
