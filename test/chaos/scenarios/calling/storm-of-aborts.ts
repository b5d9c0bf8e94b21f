import axios from 'axios';
import { type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Random } from '../../../../lib/common/random.js';
import { type ServiceHttp } from '../../../../lib/http/index.js';
import { monotonic, until } from '../../../harness/wait.js';
import { type Answer, CountingBalancer, saying, World } from '../../../real/http/support.js';
import { between, pickOne } from '../../random.js';
import { type Scenario } from '../scenario.js';

const SERVICE = 'web';
const CALLERS = 64;
const CALLS = { full: 100_000, share: 2_000 };

interface Terms {
  readonly method: string;
  /** Seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

type CallBy = (terms: Terms) => Promise<void>;

const URL_OF_SERVICE = `http://${SERVICE}/`;

function byFetch(http: ServiceHttp, random: Random): CallBy {
  return async ({ timeout, ...init }) => {
    const service = { timeout, ...(random() < 0.3 ? { hedge: { delay: 0.005 } } : {}) };
    const response = await http.fetch(URL_OF_SERVICE, { ...init, service });
    if (random() < 0.1) await response.body?.cancel();
    else await response.text();
  };
}

function byAxios(http: ServiceHttp, random: Random): CallBy {
  const client = axios.create({ adapter: http.axiosAdapter, maxRedirects: 0 });
  return async ({ method, timeout, signal }) => {
    const responseType = random() < 0.3 ? 'stream' : 'text';
    const { data } = await client.request<Readable | string>({
      url: URL_OF_SERVICE,
      method,
      timeout: timeout * 1_000,
      signal,
      responseType,
    });
    if (typeof data === 'string') return;
    if (random() < 0.5) data.destroy();
    else await finished(data.resume());
  };
}

/** Calls by fetch and axios that end in every way there is, many at a time. */
export const stormOfAborts: Scenario = {
  name: 'storm-of-aborts',
  alone: true,
  promise:
    'After any number of calls with random aborts, timeouts and resets no call is counted as under way',

  async run(stage, { kills }) {
    const calls = kills >= 50 ? CALLS.full : CALLS.share;
    const { random } = stage;
    const world = new World();
    const balancer = new CountingBalancer();
    const odd: Answer = (request, response) => {
      const end = between(random, 0, 5);
      if (end === 0) request.socket.destroy();
      else if (end === 1) response.writeHead(503).end('busy');
      else if (end === 2) response.write('half');
      else if (end === 3) setTimeout(() => response.end('late'), between(random, 1, 30));
      else response.end('ok');
    };
    try {
      await world.serve(SERVICE, 'odd', odd);
      await world.serve(SERVICE, 'other', odd);
      await world.serve(SERVICE, 'well', saying('ok'));
      await world.register(SERVICE, 'dead', {});
      const { http } = await world.boot({ services: [{ name: SERVICE, balancer, outlierDetection: false }] });
      const clients = [byFetch(http, random), byAxios(http, random)];
      const callOnce = async (): Promise<void> => {
        const controller = new AbortController();
        const abort = setTimeout(() => controller.abort(), between(random, 1, 60));
        const method = random() < 0.5 ? 'GET' : 'POST';
        const timeout = between(random, 10, 50) / 1_000;
        try {
          await pickOne(random, clients)({ method, timeout, signal: controller.signal });
        } catch {
          // How a call ends is not the question, only that it does.
        } finally {
          clearTimeout(abort);
        }
      };
      let left = calls;
      await Promise.all(
        Array.from({ length: CALLERS }, async () => {
          while (left-- > 0) await callOnce();
        }),
      );
      stage.figures.calls = calls;
      stage.figures.attempts = balancer.outcomes.length;
      await until('every call to be ended', () => balancer.inFlight === 0, { deadline: 15_000 }).catch(
        () => undefined,
      );
      const text = `Expected no call under way, found ${balancer.inFlight} of ${balancer.outcomes.length}.`;
      const finding = { promise: 'every call ends', who: SERVICE, at: monotonic(), text };
      return balancer.inFlight === 0 ? [] : [finding];
    } finally {
      await world.end();
    }
  },
};
