import { TcpProxy } from '../../../harness/proxy.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { backWithin, noGap } from '../../validators/presence.js';
import { exactStates } from '../../validators/states.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';
import { untilReported } from '../reported-states.js';
import { listed, passing, watchHealth } from './health.js';

const SERVICE = 'web';
const ID = 'web-1';

/** Seconds. */
const TTL = 3;

/** Milliseconds: the longest pause between two tries of a heartbeat that is lost, and what a try may take. */
const ONE_RETRY_STEP = 6_500;

/** The way to the agent swallows everything for longer than a TTL. */
export const consulSwallowed: Scenario = {
  name: 'consul-swallowed',
  promise:
    'When the way to a Consul agent swallows everything for longer than the TTL, the service turns critical once and not before, with one lost and one restored, and passes again within one retry step',

  async run(stage, { kills, minutes = Infinity }) {
    const consul = await stage.consul();
    const proxy = await TcpProxy.to({ host: consul.host, port: consul.port });
    stage.atEnd(async () => await proxy.stop());
    const service = { name: SERVICE, id: ID, address: '10.0.0.1', port: 80 };
    const app = await stage.application({
      name: 'application',
      registry: `consul://${proxy.endpoint}`,
      sidekick: { ttl: TTL, service },
    });
    const heart = app.heart(`${SERVICE}/${ID}`);
    const end = watchHealth(stage, consul, SERVICE, [ID]);
    const until = monotonic() + minutes * 60_000;
    const findings: (() => Finding[])[] = [];
    const away: { from: number; to: number }[] = [];
    let rounds = 0;
    for (; rounds < Math.ceil(kills / 10) && monotonic() < until; rounds++) {
      // A renewal is acknowledged as of when it was sent, the first write as of its answer.
      const acked = await heart.nextAck(await heart.nextAck(0));
      stage.fault('consul', 'swallow', 'begin');
      proxy.swallow();
      await sleep(TTL * 1_000 + 2_000);
      proxy.pass();
      stage.fault('consul', 'swallow', 'end');
      const back = monotonic();
      await heart.nextAck(back);
      await sleep(1_000);
      away.push({ from: acked + TTL * 1_000 - 100, to: back + ONE_RETRY_STEP });
      findings.push(() => backWithin(stage.recorder.events, passing(ID), back, ONE_RETRY_STEP));
    }
    const states = Array.from({ length: rounds }, () => ['lost', 'restored']).flat();
    await untilReported(stage.recorder, heart.who, states.length);
    await end();
    stage.figures['times everything was swallowed'] = rounds;
    const { events } = stage.recorder;
    return [
      ...noGap(events, listed(ID)),
      ...noGap(events, passing(ID), { except: away }),
      ...exactStates(events, heart.who, states),
      ...findings.flatMap((judge) => judge()),
    ];
  },
};
