import { type EtcdCluster } from '../../harness/etcd.js';
import { etcdLoad } from '../../harness/metrics.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { between } from '../random.js';
import { ofKind } from '../recording/recorder.js';
import { EtcdKeys } from '../stores/etcd-keys.js';
import { exactly } from '../validators/exactly.js';
import { repairedInTime } from '../validators/in-time.js';
import { exactStates } from '../validators/states.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { untilReported } from './reported-states.js';

/** Seconds that are asked for, and that a server with an election timeout of 3 s grants at least. */
const ASKED = 2;
const GRANTED = 5;

const KEY = 'granted';

/** A server that grants what was not asked for, and whose leases are revoked by hand. */
export const oddLeases: Scenario = {
  name: 'odd-leases',
  promise:
    'A lease that was revoked is replaced at once, and where another TTL is granted than asked that one drives the renewals, with one warning',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ args: ['--heartbeat-interval=300', '--election-timeout=3000'] });
    const store = new EtcdKeys(etcd);
    const app = await stage.application({
      name: 'application',
      registry: store.url,
      keys: [{ key: KEY, value: 'here', ttl: ASKED, updateInterval: 30 }],
    });
    const renewals = await countRenewals(stage, etcd);
    const end = monotonic() + minutes * 60_000;
    let revoked = 0;
    for (; revoked < kills && monotonic() < end; revoked++) {
      await sleep(between(stage.random, 0, 600));
      const [lease] = await etcd.leases();
      stage.fault(KEY, 'revoke', 'begin');
      await etcd.revoke(lease!);
      const back = await until('the key', async () => (await store.read(KEY)) === 'here', {
        deadline: 10_000,
        every: 10,
      }).catch(() => false);
      if (!back) break;
      stage.fault(KEY, 'revoke', 'end');
    }
    const states = Array.from({ length: revoked }, () => ['lost', 'restored']).flat();
    const { who } = app.heart();
    await untilReported(stage.recorder, who, states.length);
    const { events } = stage.recorder;
    const warnings = ofKind(events, 'log').filter(({ text }) => text.includes('granted a TTL of'));
    stage.figures['leases revoked'] = revoked;
    return [
      ...renewals,
      ...repairedInTime(events, KEY, 'revoke', 1_000),
      ...exactStates(events, who, states),
      ...exactly('one warning', app.name, warnings.length, 1, 1),
      ...exactly('one lease', app.name, (await etcd.leases()).length, 1, 1),
    ];
  },
};

/** Renewals are a third of the granted TTL apart, give or take a tenth. */
async function countRenewals(stage: Stage, etcd: EtcdCluster): ReturnType<Scenario['run']> {
  const [member] = etcd.members;
  const load = async (): Promise<number> => (await etcdLoad(member!.metricsUrl)).renewals;
  const before = await load();
  const seconds = GRANTED + 0.5;
  await sleep(seconds * 1_000);
  const count = (await load()) - before;
  stage.figures[`renewals in ${seconds} s, ${ASKED} s asked for and ${GRANTED} s granted`] = count;
  return exactly('renewed as granted', KEY, count, 2, 4);
}
