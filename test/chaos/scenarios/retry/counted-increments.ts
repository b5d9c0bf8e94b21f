import { EtcdTransport } from '../../../../lib/etcd-client/transport.js';
import { KeysError, KeysErrorCode } from '../../../../lib/etcd-client/errors/index.js';
import { KeysApi } from '../../../../lib/etcd-client/keys/keys-api.js';
import { TransportPort } from '../../../../lib/etcd-client/keys/transport-port.js';
import { EtcdWatches } from '../../../../lib/etcd-client/watches.js';
import { type TcpProxy } from '../../../harness/proxy.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { countedOnce, type Increment } from '../../validators/counted-once.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const COUNTER = '/counter';
const CLIENTS = 3;

/** Clients count together by compare-and-swap while their connections are cut, answers on their way. */
export const countedIncrements: Scenario = {
  name: 'counted-increments',
  promise:
    'Several clients count by compare-and-swap while connections are cut in mid-answer: no increment is done twice, and none is called refused that was done',
  needs: { 'one-shot': 'counted once' },

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3 });
    const proxies = await stage.proxies(etcd);
    const counters = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, n) => await Counter.open(stage, `client ${n}`, proxies)),
    );
    await etcd.put(COUNTER, '0');
    const ending = new AbortController();
    const counting = counters.map(async (counter) => await counter.count(ending.signal));
    const end = monotonic() + minutes * 60_000;
    let cuts = 0;
    // Chance decides whether a cut meets the answer to a write: without the protection, one of them has to.
    const all = kills * (stage.without.length > 0 ? 30 : 10);
    for (; cuts < all && monotonic() < end; cuts++) {
      await sleep(between(stage.random, 20, 200));
      const proxy = pickOne(stage.random, proxies);
      // Few bytes are the middle of an answer, or of a request.
      const how = between(stage.random, 0, 3);
      if (how === 0) proxy.cut();
      else proxy.cutAfter(between(stage.random, 0, 60), how === 1 ? 'up' : 'down');
    }
    ending.abort();
    await Promise.all(counting);
    const increments = counters.flatMap((counter) => counter.increments);
    const final = await until('the counter', async () => await etcd.get(COUNTER));
    const many = (outcome: Increment['outcome']): number =>
      increments.filter((increment) => increment.outcome === outcome).length;
    stage.figures['connections cut'] = cuts;
    stage.figures['increments acknowledged, refused, unknown'] =
      `${many('done')}, ${many('not done')}, ${many('unknown')}`;
    stage.figures['counted in the end'] = final;
    return countedOnce(increments, Number(final), COUNTER);
  },
};

class Counter {
  readonly increments: Increment[] = [];

  private constructor(
    private readonly who: string,
    private readonly stage: Stage,
    private readonly keys: KeysApi,
  ) {}

  static async open(stage: Stage, who: string, proxies: readonly TcpProxy[]): Promise<Counter> {
    const endpoints = proxies.map(({ endpoint }) => `http://${endpoint}`);
    const transport = await EtcdTransport.create({ endpoints }, { random: stage.random });
    stage.atEnd(async () => {
      transport.close();
      await Promise.resolve();
    });
    if (stage.without.includes('one-shot')) sendAgain(transport);
    const port = new TransportPort(transport, new EtcdWatches(transport, transport.deps));
    return new Counter(who, stage, new KeysApi(port, transport.deps));
  }

  async count(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      const now = await this.keys.get(COUNTER).catch(() => undefined);
      if (now?.node.value === undefined) continue;
      const to = Number(now.node.value) + 1;
      const outcome = await this.stage.recorder
        .call(this.who, `count to ${to}`, async () => {
          await this.keys.set(COUNTER, String(to), { prevIndex: now.node.modifiedIndex });
        })
        .then(
          () => 'done' as const,
          (error: unknown) => (isRefusal(error) ? ('not done' as const) : ('unknown' as const)),
        );
      this.increments.push({ who: this.who, to, outcome });
    }
  }
}

/** Whether the error says for certain that nothing was done. */
function isRefusal(error: unknown): boolean {
  return error instanceof KeysError && error.code === KeysErrorCode.TestFailed;
}

/** Has a transport send again what must not be done twice. */
function sendAgain(transport: EtcdTransport): void {
  const call = transport.call.bind(transport);
  transport.call = async (request, signal) => await call({ ...request, oneShot: false }, signal);
}
