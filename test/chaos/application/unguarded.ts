import type * as ConnectionModule from '../../../lib/etcd-client/connection.js';
import { type Connect, type EtcdConnection } from '../../../lib/etcd-client/connection.js';
import type * as PeerModule from '../../../lib/etcd-client/load-etcd3.js';

type Kv = EtcdConnection['kv'];

const built = (file: string): string =>
  new URL(`../../../.cache/compiled/etcd-client/${file}`, import.meta.url).href;

/** Connections to etcd whose writes compare nothing: they land whatever has happened since they were sent. */
export async function unguarded(): Promise<Connect> {
  const { etcd3Connect } = (await import(built('connection.js'))) as typeof ConnectionModule;
  const { loadEtcd3 } = (await import(built('load-etcd3.js'))) as typeof PeerModule;
  const connect = etcd3Connect(await loadEtcd3(), undefined);
  return (endpoint) => {
    const connection = connect(endpoint);
    return { ...connection, kv: withoutGuards(connection.kv) };
  };
}

function withoutGuards(kv: Kv): Kv {
  const txn: Kv['txn'] = async (request, options) => {
    const writes = request.success?.some((operation) => operation.request_put !== undefined) ?? false;
    return await kv.txn(writes ? { ...request, compare: [] } : request, options);
  };
  return new Proxy(kv, {
    get: (target, name) => {
      if (name === 'txn') return txn;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
