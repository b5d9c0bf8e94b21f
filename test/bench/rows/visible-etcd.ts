import { Etcd3 } from 'etcd3';
import { once } from 'node:events';
import { alternate } from '../measure/alternate.js';
import { startEtcdFleet, stored, FLEET_SERVICE } from '../measure/etcd-fleet.js';
import { type Effort, type Line } from '../measure/line.js';
import { openDiscovery, seenAt } from '../measure/open-discovery.js';
import { median } from '../measure/statistics.js';

/** Each client has a socket of its own, as processes have. By default gRPC shares one among clients of equal options. */
const OWN_SOCKET = { 'grpc.use_local_subchannel_pool': 1 };

/** Milliseconds from a put until this process has the endpoint, against an `etcd3` watch of the same keys. */
export async function visibleOnEtcd(size: number, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const fleet = await startEtcdFleet(size);
  const connect = (): Etcd3 => new Etcd3({ hosts: fleet.endpoint, grpcOptions: OWN_SOCKET });
  const writer = connect();
  const puts = quick ? 50 : 300;
  let version = 0;
  /** The median of many puts, each seen before the next one. */
  const timed = async (see: (version: string) => Promise<number>): Promise<number> => {
    // The garbage of the listing and of the other side.
    globalThis.gc?.();
    const took: number[] = [];
    for (let put = 0; put < puts; put++) {
      version += 1;
      const [key, value] = stored((put * 7) % size, version);
      const seen = see(String(version));
      const start = performance.now();
      const written = writer.put(key).value(value).exec();
      took.push((await seen) - start);
      await written;
    }
    return median(took);
  };
  try {
    // Only the side that is measured has a watch, so that it does not wait for the other.
    const values = await alternate(rounds, {
      ours: async () => {
        const { handle, close } = await openDiscovery(fleet.source, FLEET_SERVICE, size);
        const took = await timed((wanted) => seenAt(handle, 'version', wanted));
        await close();
        return took;
      },
      floor: async () => {
        const client = connect();
        const watcher = await client.watch().prefix(fleet.prefix).create();
        const took = await timed(async () => {
          await once(watcher, 'put');
          return performance.now();
        });
        // Without it the watch outlives its client, and later rounds wait for its events.
        await watcher.cancel();
        client.close();
        return took;
      },
    });
    return [
      {
        what: `put until visible on etcd, ${size} endpoints`,
        unit: 'ms',
        ours: values.ours,
        floor: { name: 'a bare `etcd3` watch', values: values.floor },
        goal: { of: 'ratio', atMost: 1.2 },
        x: size,
      },
    ];
  } finally {
    writer.close();
    await fleet.stop();
  }
}
