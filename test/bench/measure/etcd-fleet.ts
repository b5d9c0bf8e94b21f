import { Etcd3 } from 'etcd3';
import { startEtcd } from '../../harness/etcd.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { encodeRecord } from '../../../lib/registries/etcd/codec.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';

export const FLEET_SERVICE = 'web';
/** etcd allows 128 operations in a transaction. */
const BATCH = 100;
const PREFIX = '/bench';

/** An etcd with the instances of one service. The caller stops it. */
export interface EtcdFleet {
  readonly endpoint: string;
  readonly source: RegistrySource;
  /** Prefix of the etcd keys of the instances. */
  readonly prefix: string;
  stop(): Promise<void>;
}

/** The etcd key and value of one instance, with `version` in its metadata. */
export function stored(index: number, version: number): readonly [key: string, value: Buffer] {
  const id = `${FLEET_SERVICE}-${index}`;
  const instance = completeInstance({
    service: FLEET_SERVICE,
    id,
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    port: 8_000,
    meta: { version: String(version) },
  });
  return [`${PREFIX}/${FLEET_SERVICE}/${id}`, encodeRecord({ kind: 'instance', instance })];
}

/** Starts an etcd with `size` instances. */
export async function startEtcdFleet(size: number): Promise<EtcdFleet> {
  const server = await startEtcd();
  const endpoint = server.urls[0]!;
  const writer = new Etcd3({ hosts: endpoint });
  for (let from = 0; from < size; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, size - from) }, (_, index) => stored(from + index, 0));
    await writer
      .if('none', 'Version', '==', 0)
      .then(...batch.map(([key, value]) => writer.put(key).value(value)))
      .commit();
  }
  writer.close();
  return {
    endpoint,
    source: etcd({ endpoints: [endpoint], prefix: PREFIX }),
    prefix: `${PREFIX}/${FLEET_SERVICE}/`,
    stop: async () => {
      await server.stop();
    },
  };
}
