import type * as etcd3 from 'etcd3';
import { peerFailure } from '../common/optional-peer.js';

/** The exports of the package `etcd3`. */
export type Etcd3Module = typeof etcd3;

/**
 * Loads the package `etcd3`.
 *
 * @throws MissingPeerError when it is not installed
 * @throws BundledPackageError when `etcd3` was bundled: it reads its .proto files from its own folder
 */
export async function loadEtcd3(): Promise<Etcd3Module> {
  try {
    return await import('etcd3');
  } catch (error) {
    throw peerFailure(error, 'etcd3', 'The etcd client');
  }
}
