import { EtcdTransport } from '../../../../lib/etcd-client/transport.js';
import { EtcdClient } from '../../../../lib/etcd-client/etcd-client.js';
import { EtcdResponseError, KeysError } from '../../../../lib/etcd-client/errors/index.js';
import { type EtcdCluster } from '../../../harness/etcd.js';
import { Metrics } from '../../../harness/metrics.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { exactly } from '../../validators/exactly.js';
import { type Scenario } from '../scenario.js';

const PERMITTED = '/permitted/';

/** Seconds. */
const UPDATE_INTERVAL = 2;

/** A request that a cluster refuses is sent once: every other member would refuse it too. */
export const refusedOnce: Scenario = {
  name: 'refused-once',
  promise:
    'A bad argument and a missing permission are asked once and never again elsewhere, and a heartbeat that is refused tries once an update tick',

  async run(stage, { kills }) {
    const etcd = await stage.etcd({ size: 3 });
    await etcd.enableAuth('root');
    await etcd.addUser('app', 'secret', PERMITTED, 'readwrite');
    const endpoints = etcd.urls;
    const credentials = { username: 'app', password: 'secret' };
    const client = await EtcdClient.create({ endpoints, ...credentials });
    stage.atEnd(async () => await client.close());
    const transport = await EtcdTransport.create({ endpoints, ...credentials });
    stage.atEnd(async () => {
      transport.close();
      await Promise.resolve();
    });
    // Logged in, and every connection open.
    await client.keys.set(`${PERMITTED}a`, 'a');

    const before = await answersOf(etcd);
    for (let n = 0; n < kills; n++) {
      await refused(async () => await client.keys.set(`/forbidden/${n}`, 'x'));
      await refused(
        async () =>
          await transport.call({
            what: 'writing a key without a name',
            run: async ({ kv }, options) =>
              await kv.put({ key: Buffer.alloc(0), value: Buffer.alloc(0) }, options),
          }),
      );
    }
    const after = await answersOf(etcd);
    const findings = [
      // A set that is refused is asked for without the guards of the tree above it, which may not be its user's to read.
      ...exactly('asked once', 'permission denied', after.denied - before.denied, 2 * kills, 2 * kills),
      ...exactly('asked once', 'bad argument', after.invalid - before.invalid, kills, kills),
    ];
    stage.figures['refusals asked for, of each kind'] = kills;

    const registry = `etcd://app:secret@${etcd.hosts}`;
    const since = monotonic();
    await stage.application({
      name: 'refused application',
      registry,
      sidekick: { failFast: false, key: '/forbidden/kept', updateInterval: UPDATE_INTERVAL, ttl: 10 },
    });
    await sleep(3 * UPDATE_INTERVAL * 1_000);
    const ticks = Math.ceil((monotonic() - since) / (UPDATE_INTERVAL * 1_000));
    const { denied } = await answersOf(etcd);
    stage.figures['writes of a refused heartbeat'] = denied - after.denied;
    // One of them is for the record of the session, which the user may not keep either.
    return [...findings, ...exactly('asked once', 'heartbeat', denied - after.denied, 2, ticks + 2)];
  },
};

interface Answers {
  readonly denied: number;
  readonly invalid: number;
}

/** How many requests for keys the members have refused so far. */
async function answersOf(etcd: EtcdCluster): Promise<Answers> {
  const all = await Promise.all(
    etcd.members.map(async ({ metricsUrl }) => await Metrics.of(`${metricsUrl}/metrics`)),
  );
  const sum = (code: string): number =>
    all.reduce(
      (total, metrics) =>
        total +
        metrics.sum('grpc_server_handled_total', { grpc_service: 'etcdserverpb.KV', grpc_code: code }),
      0,
    );
  return { denied: sum('PermissionDenied'), invalid: sum('InvalidArgument') };
}

async function refused(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof EtcdResponseError || error instanceof KeysError) return;
    throw error;
  }
  throw new Error('Expected a refusal, it was done.');
}
