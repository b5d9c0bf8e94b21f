import type * as etcd3 from 'etcd3';
import { optionalPeer } from '../kernel/optional-peer.js';

/** What the package `etcd3` exports. */
export type Etcd3Module = typeof etcd3;

/**
 * Loads the package `etcd3`.
 *
 * @throws MissingPeerError when it is not installed
 */
export async function loadEtcd3(): Promise<Etcd3Module> {
  return await optionalPeer('etcd3', 'The etcd client', async () => await import('etcd3'));
}
