import axios from 'axios';
import { type ServiceHttp } from '../../../../lib/http/index.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { saying, World } from '../../../real/http/support.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';

const SERVICE = 'web';
const INSTANCES = 3;
const CALLERS = 100;
const RESTARTS = { full: 100, share: 6 };

/** Milliseconds for which a deregistered instance still serves. */
const DRAIN_MS = 300;

/** A call that resolves with the status. */
type CallOnce = () => Promise<number>;

/** Instances are replaced one after the other, with and without a drain, under callers of fetch and axios. */
export const rollingCallers: Scenario = {
  name: 'rolling-callers',
  alone: true,
  promise: 'While instances are restarted or killed, no GET of 100 callers through fetch and axios fails',

  async run(stage, { kills }) {
    const restarts = kills >= 50 ? RESTARTS.full : RESTARTS.share;
    const findings: Finding[] = [];
    for (const [client, callWith] of Object.entries(CLIENTS)) {
      const world = new World();
      try {
        findings.push(...(await restartUnder(world, client, callWith, restarts, stage.figures)));
      } finally {
        await world.end();
      }
    }
    return findings;
  },
};

const CLIENTS: Readonly<Record<string, (http: ServiceHttp) => CallOnce>> = {
  fetch: (http) => async () => {
    const response = await http.fetch(`http://${SERVICE}/`);
    await response.text();
    return response.status;
  },
  axios: (http) => {
    const client = axios.create({ adapter: http.axiosAdapter });
    return async () => (await client.get(`http://${SERVICE}/`)).status;
  },
};

async function restartUnder(
  world: World,
  client: string,
  callWith: (http: ServiceHttp) => CallOnce,
  restarts: number,
  figures: Record<string, number | string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let started = 0;
  const start = async () => await world.serve(SERVICE, `i${started++}`, saying('ok'));
  const instances = [];
  for (let instance = 0; instance < INSTANCES; instance++) instances.push(await start());
  // A third of the callers loses its connection with each kill, which is more than the default budget is for.
  const retry = { attempts: 3, budget: 1 };
  const { http } = await world.boot({ services: [{ name: SERVICE, retry }] });
  const call = callWith(http);
  let isOver = false;
  let answered = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isOver) {
      try {
        const status = await call();
        if (status !== 200) throw new Error(`Expected the status 200, got ${status}.`);
        answered += 1;
      } catch (error) {
        const { message, cause } = error as Error;
        const text = `A call by ${client} failed: ${message} (${String(cause)})`;
        findings.push({ promise: 'no failed call', who: client, at: monotonic(), text });
      }
    }
  });
  for (let restart = 0; restart < restarts; restart++) {
    const old = instances.shift()!;
    instances.push(await start());
    // Every other instance is killed: its connections break, and it is still listed for a while.
    if (restart % 2 === 1) await old.close();
    await sleep(restart % 2 === 1 ? DRAIN_MS / 3 : 0);
    await world.deregister(SERVICE, old.id);
    await sleep(DRAIN_MS);
    if (restart % 2 === 0) await old.drain();
  }
  isOver = true;
  await Promise.all(callers);
  figures[`restarts under ${client}`] = restarts;
  figures[`calls answered by ${client}`] = answered;
  return findings;
}
