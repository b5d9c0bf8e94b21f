import axios from 'axios';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ServiceHttp } from '../../../../lib/http/index.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { saying, World } from '../../../real/http/support.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';

const SERVICE = 'web';
const INSTANCES = 3;
const CALLERS = 100;
const RESTARTS = { full: 100, share: 4 };

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

/** Callers that never stop calling. */
class Callers {
  answered = 0;
  readonly errors: { readonly at: number; readonly error: Error }[] = [];
  private isOver = false;
  private readonly current: Promise<void>[];
  private readonly running: Promise<void>[];

  constructor(private readonly call: CallOnce) {
    this.current = Array.from({ length: CALLERS }, () => Promise.resolve());
    this.running = this.current.map((_, caller) => this.run(caller));
  }

  /** Resolves when every call that is under way has ended. */
  async turn(): Promise<void> {
    await Promise.all(this.current);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
  }

  private async run(caller: number): Promise<void> {
    while (!this.isOver) await (this.current[caller] = this.callOnce());
  }

  private async callOnce(): Promise<void> {
    try {
      const status = await this.call();
      if (status !== 200) throw new Error(`Expected the status 200, got ${status}.`);
      this.answered += 1;
    } catch (error) {
      this.errors.push({ at: monotonic(), error: error as Error });
      // A call that fails at once leaves no time to anything else.
      await sleep(10);
    }
  }
}

async function restartUnder(
  world: World,
  client: string,
  callWith: (http: ServiceHttp) => CallOnce,
  restarts: number,
  figures: Record<string, number | string>,
): Promise<Finding[]> {
  let started = 0;
  const start = async () => await world.serve(SERVICE, `i${started++}`, saying('ok'));
  const instances = [];
  for (let instance = 0; instance < INSTANCES; instance++) instances.push(await start());
  const { http, discovery } = await world.boot({ services: [SERVICE] });
  const handle = discovery.of(SERVICE);
  const isListed = (id: string): boolean => handle.endpoints.some((endpoint) => endpoint.id === id);
  const retries = new Map<string, number>();
  const onRetry = (message: unknown): void => {
    const { result } = message as { readonly result: string };
    retries.set(result, (retries.get(result) ?? 0) + 1);
  };
  subscribe('sidekick:request:retry', onRetry);
  const callers = new Callers(callWith(http));
  try {
    for (let restart = 0; restart < restarts; restart++) {
      const old = instances.shift()!;
      const next = await start();
      instances.push(next);
      await until('the new instance to be listed', () => isListed(next.id));
      // Every other instance is killed: its connections break, and it is still listed for a while.
      const isKilled = restart % 2 === 1;
      if (isKilled) {
        await old.close();
        await callers.turn();
        await callers.turn();
      }
      await world.deregister(SERVICE, old.id);
      await until('the old instance to leave the list', () => !isListed(old.id));
      // A drain lasts longer than the calls that began before it. One call meets one restart.
      await callers.turn();
      if (!isKilled) await old.close();
    }
  } finally {
    unsubscribe('sidekick:request:retry', onRetry);
    await callers.stop();
  }
  figures[`restarts under ${client}`] = restarts;
  figures[`calls answered by ${client}`] = callers.answered;
  for (const [result, count] of retries) figures[`retries of ${client}, ${result}`] = count;
  return callers.errors.map(({ at, error }) => {
    const text = `A call by ${client} failed: ${error.message} (${String(error.cause)})`;
    return { promise: 'no failed call', who: client, at, text };
  });
}
