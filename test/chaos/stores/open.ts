import { type Stage } from '../scenarios/stage.js';
import { ConsulKeys } from './consul-keys.js';
import { EtcdKeys } from './etcd-keys.js';
import { FileKeys } from './file-keys.js';
import { type KeyStore } from './key-store.js';

/** One store of each kind, on servers of the stage's own. */
export async function keyStores(stage: Stage): Promise<readonly KeyStore[]> {
  return await Promise.all([
    stage.etcd({}).then((etcd) => new EtcdKeys(etcd)),
    stage.consul().then((consul) => new ConsulKeys(consul)),
    stage.folder('keys').then((folder) => new FileKeys(folder)),
  ]);
}
