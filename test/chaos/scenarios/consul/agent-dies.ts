import { type ConsulAgent } from '../../../harness/consul.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { noGap } from '../../validators/presence.js';
import { exactStates } from '../../validators/states.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { listed, passing, watchHealth } from './health.js';

const SERVICE = 'web';
const ID = 'web-1';
const KEY = 'led';

/** Seconds. */
const TTL = 10;

/** An agent that keeps its data dies, or hangs, for less than a TTL. */
export const consulAgentDies: Scenario = {
  name: 'consul-agent-dies',
  promise:
    'While a Consul agent is killed and restarted or stopped for less than the TTL, a service never leaves the catalogue nor turns critical, and nothing is lost',

  async run(stage, { kills, minutes = Infinity }) {
    const consul = await stage.consul({ persistent: true });
    const service = { name: SERVICE, id: ID, address: '10.0.0.1', port: 80 };
    const app = await stage.application({
      name: 'application',
      registry: `consul://${consul.host}:${consul.port}`,
      sidekick: { ttl: TTL, service },
      keys: [{ key: KEY, ttl: TTL }],
    });
    await app.heart(`${SERVICE}/${ID}`).nextAck(0);
    const end = watchHealth(stage, consul, SERVICE, [ID]);
    const until = monotonic() + minutes * 60_000;
    let done = 0;
    for (; done < Math.ceil(kills / 3) && monotonic() < until; done++) {
      await pickOne(stage.random, [kill, pause])(stage, consul);
      await sleep(between(stage.random, 500, 2_000));
    }
    await sleep(1_000);
    await end();
    stage.figures['agents killed or stopped'] = done;
    const { events } = stage.recorder;
    return [
      ...noGap(events, listed(ID)),
      ...noGap(events, passing(ID)),
      ...exactStates(events, app.heart(`${SERVICE}/${ID}`).who, []),
      ...exactStates(events, app.heart(KEY).who, []),
    ];
  },
};

async function kill(stage: Stage, consul: ConsulAgent): Promise<void> {
  stage.fault('consul', 'kill', 'begin');
  await consul.kill();
  await sleep(between(stage.random, 0, 1_000));
  await consul.restart();
  stage.fault('consul', 'kill', 'end');
}

async function pause(stage: Stage, consul: ConsulAgent): Promise<void> {
  stage.fault('consul', 'pause', 'begin');
  await consul.pause();
  await sleep(between(stage.random, 500, 4_000));
  consul.resume();
  stage.fault('consul', 'pause', 'end');
}
