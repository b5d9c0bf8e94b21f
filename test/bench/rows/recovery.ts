import { startEtcd } from '../../harness/etcd.js';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';
import { registeredKeys } from '../measure/registered-keys.js';

const TTL = 10;
/** Seconds until the next renewal would find the loss, and to write all keys again. */
const GOAL = TTL / 3 + 5;

/** `revoked 10000`: the lease of this many keys is revoked. `deleted 10000`: all keys are deleted. */
export async function measure(variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const [how, count] = variant.split(' ') as ['revoked' | 'deleted', string];
  const server = await startEtcd();
  const subject = await registeredKeys(server.urls[0]!, TTL);
  try {
    const keys = Array.from({ length: Number(count) }, (_, index) => `/bench/key-${index}`);
    await subject.start(keys);
    /** Seconds from the command until the registry has every key again. */
    const ours = async (): Promise<number> => {
      const restored = subject.restored(keys.length);
      const leases = await server.leases();
      const start = performance.now();
      if (how === 'deleted') await server.etcdctl(['del', '--prefix', '/bench/']);
      else for (const lease of leases) await server.revoke(lease);
      await restored;
      return (performance.now() - start) / 1_000;
    };
    const values = await alternate(quick ? 1 : rounds, { ours });
    return [
      {
        what: how === 'deleted' ? `${count} keys deleted at once` : `the lease of ${count} keys revoked`,
        unit: 's',
        ours: values.ours,
        goal: { of: 'ours', atMost: Number(GOAL.toFixed(1)) },
      },
    ];
  } finally {
    await subject.close();
    await server.stop();
  }
}
